"""The MMU of the source's vCPUs: walks, TLBs, stores. Rules R1 and R9.

What the log lets a mapping grant is asked here and answered elsewhere: ``permits`` and ``protecting`` are what the
protections of this contract differ in (``protect_at_transfer``, ``protect_at_harvest``).
"""

from abc import abstractmethod

from refmodel.language import (
    Contract,
    Cpu,
    Pfn,
    Specification,
    Value,
    Vpn,
    Word,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
)
from refmodel.state import Cpus, Guest, M, Phase, Shadow, Table

__all__ = ["Mmu"]


class Mmu(Specification[M]):
    """A store goes through a TLB entry; a TLB entry comes from a walk of the table that the CPU's root names."""

    def initial(self, anything: M) -> M:
        """The guest's own table is anything, the TLBs are empty."""
        m, table = anything, anything.source.table
        rights = table.writable.where(lambda v: neg(table.present[v]), False)
        return m.but(
            source=m.source.but(table=table.but(writable=rights)),
            cpus=m.cpus.but(
                present=m.cpus.present.cleared(),
                writable=m.cpus.writable.cleared(),
                unflushed=m.cpus.unflushed.cleared(),
            ),
        )

    # what the machine's other parts say

    @abstractmethod
    def permits(self, m: M, page: int) -> bool:
        """A mapping of the page may be entered writable: its stores need not be seen, for the page will be sent."""

    def protecting(self, m: M, page: int, cpu: int) -> bool:
        """The page is no longer permitted, and this CPU may hold what was permitted: it has not been flushed yet."""
        return False

    @abstractmethod
    def walked(self, m: M, cpu: int) -> Table | Shadow:
        """The table that the CPU's root names."""

    @abstractmethod
    def walks_the_shadow(self, m: M, cpu: int) -> bool:
        """The CPU's root is the shadow's."""

    def table_of(self, m: M, guest: Guest) -> Table:
        """What the guest sees of its page table apart from its memory."""
        return guest.table

    def runs(self, m: M) -> bool:
        """The source's vCPUs run; whatever holds them still for a moment says so here."""
        return m.hand_over.source_runs

    def is_ram(self, m: M, page: int) -> bool:
        """The page is guest RAM: of any other the log need not know."""
        return True

    def is_there(self, m: M, page: int) -> bool:
        """The page can be mapped; where not, an access finds nothing, whatever the guest's table says."""
        return self.is_ram(m, page)

    def matters(self, m: M, page: int) -> bool:
        """What the page holds is the guest's to read; of any other nothing is claimed, and it may stay owed."""
        return self.is_ram(m, page)

    def is_data(self, m: M, page: int) -> bool:
        """Writers beside the vCPUs may write the page: no shadow follows what it holds."""
        return True

    def stored(self, m: M, page: int, word: int, value: int) -> M:
        """Source memory after a store by whoever."""
        return m.but(source=m.source.but(memory=m.source.memory.set((page, word), value)))

    def dropped(self, m: M, cpu: Cpu) -> Cpus:
        """The CPUs with every TLB entry of one dropped."""
        return m.cpus.but(
            present=m.cpus.present.where(lambda c, v: c == cpu, False),
            writable=m.cpus.writable.where(lambda c, v: c == cpu, False),
        )

    @guest
    def mmu_walk(self, m: M, cpu: Cpu, vpn: Vpn) -> M:
        """A TLB miss: the MMU walks the table that the CPU's root names, and keeps what it finds."""
        need(self.runs(m), "the source runs")
        need(neg(m.cpus.present[cpu, vpn]), "the TLB has no entry for the page")
        table = self.walked(m, cpu)
        need(table.present[vpn], "the table that the CPU walks maps the page")
        need(self.walks_the_shadow(m, cpu) | self.is_there(m, table.frame[vpn]), "the frame that it names is there")
        return m.but(
            cpus=m.cpus.but(
                present=m.cpus.present.add((cpu, vpn)),
                frame=m.cpus.frame.set((cpu, vpn), table.frame[vpn]),
                writable=m.cpus.writable.put((cpu, vpn), table.writable[vpn]),
            )
        )

    # R9 -- a store falls between any two steps of the engine

    @guest
    def guest_store(self, m: M, cpu: Cpu, vpn: Vpn, word: Word, value: Value) -> M:
        """A store through a writable TLB entry: it reaches the frame that the entry names, and nobody is told."""
        need(self.runs(m), "the source runs")
        need(m.cpus.writable[cpu, vpn], "the TLB has a writable entry for the page")
        return self.stored(m, m.cpus.frame[cpu, vpn], word, value)

    @guest
    def guest_compute(self, m: M, cpu: Cpu, value: Value) -> M:
        """A CPU goes on: its registers become anything."""
        need(self.runs(m), "the source runs")
        return m.but(source=m.source.but(registers=m.source.registers.set(cpu, value)))

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def a_writable_tlb_entry_is_present(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """Rights of an entry that is not there are never kept, so that a store may ask for the right alone."""
        return implies(m.cpus.writable[cpu, vpn], m.cpus.present[cpu, vpn])

    @invariant(Contract.LOGGING, "I-LOG", "R4", "R8", goal=True)
    def a_tlb_lets_stores_pass_unseen_only_where_the_log_permits(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """I-LOG over TLBs, for the frame that *the entry* names, whatever the guest's table says by now (R8)."""
        return implies(
            m.cpus.writable[cpu, vpn] & (m.phase != Phase.ABORTED),
            self.may_be_written_unseen(m, m.cpus.frame[cpu, vpn], cpu),
        )

    @law(Contract.LOGGING, "I-LOG")
    def what_is_stored_to_matters(self, before: M, after: M, page: Pfn, word: Word) -> bool:
        """Whatever was said of the page before, released for instance: from then on it is the guest's to read."""
        stored = before.source.memory[page, word] != after.source.memory[page, word]
        return implies(before.hand_over.source_runs & stored & self.is_ram(after, page), self.matters(after, page))

    def may_be_written_unseen(self, m: M, page: int, cpu: int) -> bool:
        """The log permits it, or the page is being protected and this CPU has not been flushed for it."""
        return self.permits(m, page) | self.protecting(m, page, cpu)
