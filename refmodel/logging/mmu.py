"""The MMU of the source's vCPUs: roots, walks, TLBs, stores. Rules R1 and R9."""

from refmodel.language import (
    Contract,
    Cpu,
    Specification,
    Value,
    Vpn,
    Word,
    engine,
    guest,
    implies,
    invariant,
    need,
    neg,
)
from refmodel.state import Cpus, Machine, Phase, Stage

__all__ = ["Mmu"]


class Mmu(Specification[Machine]):
    """A store goes through a TLB entry; a TLB entry comes from a walk of the table that the CPU's root names."""

    # R1 -- before and after migration the guest's table is walked, during it the shadow's

    @engine
    def enter_shadow(self, m: Machine, cpu: Cpu) -> Machine:
        """One CPU's root becomes the shadow's (R1). Loading a root drops that CPU's TLB entries.

        Without the drop, entries from walks of the guest's own table would outlive it: Xen ``eed63189da`` [C], ASIDs
        not flushed on a root change.
        """
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.cpus.on_shadow[cpu]), "the CPU still walks the guest's table")
        return m.but(cpus=self.dropped(m, cpu).but(on_shadow=m.cpus.on_shadow.add(cpu)))

    @guest
    def leave_shadow(self, m: Machine, cpu: Cpu) -> Machine:
        """One CPU's root becomes the guest's own table again, after an abort (R1)."""
        need(m.phase == Phase.ABORTED, "the migration has been given up")
        need(m.cpus.on_shadow[cpu], "the CPU walks the shadow")
        return m.but(cpus=self.dropped(m, cpu).but(on_shadow=m.cpus.on_shadow.discard(cpu)))

    def dropped(self, m: Machine, cpu: Cpu) -> Cpus:
        """The CPUs with every TLB entry of one dropped."""
        return m.cpus.but(
            present=m.cpus.present.where(lambda c, v: c == cpu, False),
            writable=m.cpus.writable.where(lambda c, v: c == cpu, False),
        )

    @guest
    def mmu_walk(self, m: Machine, cpu: Cpu, vpn: Vpn) -> Machine:
        """A TLB miss: the MMU walks the table that the CPU's root names, and keeps what it finds."""
        need(m.hand_over.source_runs, "the source runs")
        need(neg(m.cpus.present[cpu, vpn]), "the TLB has no entry for the page")
        table = m.shadow if m.cpus.on_shadow[cpu] else m.source.table
        need(table.present[vpn], "the table that the CPU walks maps the page")
        return m.but(
            cpus=m.cpus.but(
                present=m.cpus.present.add((cpu, vpn)),
                frame=m.cpus.frame.set((cpu, vpn), table.frame[vpn]),
                writable=m.cpus.writable.put((cpu, vpn), table.writable[vpn]),
            )
        )

    # R9 -- a store falls between any two steps of the engine

    @guest
    def guest_store(self, m: Machine, cpu: Cpu, vpn: Vpn, word: Word, value: Value) -> Machine:
        """A store through a writable TLB entry: it reaches the frame that the entry names, and nobody is told."""
        need(m.hand_over.source_runs, "the source runs")
        need(m.cpus.writable[cpu, vpn], "the TLB has a writable entry for the page")
        memory = m.source.memory.set((m.cpus.frame[cpu, vpn], word), value)
        return m.but(source=m.source.but(memory=memory))

    @guest
    def guest_compute(self, m: Machine, cpu: Cpu, value: Value) -> Machine:
        """A CPU goes on: its registers become anything."""
        need(m.hand_over.source_runs, "the source runs")
        return m.but(source=m.source.but(registers=m.source.registers.set(cpu, value)))

    @invariant(Contract.LOGGING, "R1", goal=True)
    def while_rounds_run_every_cpu_walks_the_shadow(self, m: Machine, cpu: Cpu) -> bool:
        """R1: during the migration the MMU walks the shadow, never the guest's table."""
        return implies(m.phase == Phase.LIVE, m.cpus.on_shadow[cpu])

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def a_writable_tlb_entry_is_present(self, m: Machine, cpu: Cpu, vpn: Vpn) -> bool:
        """Rights of an entry that is not there are never kept, so that a store may ask for the right alone."""
        return implies(m.cpus.writable[cpu, vpn], m.cpus.present[cpu, vpn])

    @invariant(Contract.LOGGING, "I-LOG", "R4", "R8", goal=True)
    def a_tlb_lets_stores_pass_unseen_only_where_the_log_permits(self, m: Machine, cpu: Cpu, vpn: Vpn) -> bool:
        """I-LOG over TLBs, for the frame that *the entry* names, whatever the guest's table says by now (R8)."""
        return implies(
            m.cpus.writable[cpu, vpn] & (m.phase != Phase.ABORTED),
            self.may_be_written_unseen(m, m.cpus.frame[cpu, vpn], cpu),
        )

    def may_be_written_unseen(self, m: Machine, page: int, cpu: int) -> bool:
        """The log permits it: the page is not transferred, or being protected and this CPU not yet flushed."""
        protecting = (m.transfer.stage == Stage.MARKED) & (m.transfer.page == page) & neg(m.transfer.flushed[cpu])
        return neg(m.log.transferred[page]) | protecting
