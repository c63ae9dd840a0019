"""Write faults: what a store does that no writable translation lets through. Rules R5, R6 and R7."""

from refmodel.language import Contract, Cpu, Pfn, Value, Vpn, guest, iff, implies, law, need, neg
from refmodel.logging.shadow import ShadowTable
from refmodel.state import Machine

__all__ = ["Faults"]


class Faults(ShadowTable):
    """The page-fault handler; it holds the paging lock, so that it is one step."""

    @guest
    def write_fault(self, m: Machine, cpu: Cpu, vpn: Vpn, value: Value) -> Machine:
        """R5: a store faults. Forbidden by the guest's own table, it is the guest's fault; else it is logged.

        ``value`` is what the guest's own handler leaves in the CPU's registers if the fault is reflected.
        """
        need(m.hand_over.source_runs, "the source runs")
        need(m.cpus.on_shadow[cpu], "the CPU walks the shadow")
        need(neg(m.cpus.writable[cpu, vpn]), "the TLB has no writable entry for the page")
        need(m.cpus.present[cpu, vpn] | neg(m.shadow.writable[vpn]), "a walk would find no writable entry either")
        if m.source.table.writable[vpn]:
            return self.logged(m, cpu, vpn)
        return self.reflected(m, cpu, value)

    def reflected(self, m: Machine, cpu: int, value: int) -> Machine:
        """The guest sees its own page fault (R5): its handler runs, and nothing is logged."""
        return m.but(source=m.source.but(registers=m.source.registers.set(cpu, value)))

    def logged(self, m: Machine, cpu: int, vpn: int) -> Machine:
        """The store is permitted again once its page is marked; the CPU's stale entry goes, the store is retried."""
        page = m.source.table.frame[vpn]
        marked = self.permitted(self.marked(m, page), page) if m.log.transferred[page] else m
        return marked.but(
            shadow=self.entered(marked, vpn),
            cpus=m.cpus.but(
                present=m.cpus.present.discard((cpu, vpn)),
                writable=m.cpus.writable.discard((cpu, vpn)),
            ),
        )

    def marked(self, m: Machine, page: int) -> Machine:
        """R6: the fault marks the page dirty, which schedules another transfer of it."""
        return m.but(log=m.log.but(dirty=m.log.dirty.add(page)))

    def permitted(self, m: Machine, page: int) -> Machine:
        """R7: writable mappings of the page are permitted again, until it is retransferred.

        Every in-sync mapping of it gets the guest's rights back here, with the one that faulted.
        """
        shadow, table = m.shadow, m.source.table
        granted = shadow.writable.where(
            lambda v: shadow.present[v] & neg(shadow.unsynced[v]) & (shadow.frame[v] == page) & table.writable[v], True
        )
        return m.but(
            log=m.log.but(transferred=m.log.transferred.discard(page)),
            shadow=shadow.but(writable=granted),
        )

    @law(Contract.LOGGING, "R5")
    def a_fault_that_the_guest_sees_is_never_logged(self, before: Machine, after: Machine, cpu: Cpu, page: Pfn) -> bool:
        """R5: a step that changes a CPU's registers, as the guest's own handler does, leaves the log alone."""
        reflected = before.source.registers[cpu] != after.source.registers[cpu]
        return implies(reflected, iff(before.log.dirty[page], after.log.dirty[page]))
