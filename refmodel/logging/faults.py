"""Write faults: what a store does that no writable translation lets through. Rules R5, R6 and R7."""

from abc import abstractmethod

from refmodel.language import Contract, Cpu, Pfn, Set, Value, Vpn, guest, iff, implies, law, need, neg
from refmodel.logging.shadow import ShadowTable
from refmodel.state import Log, M, Stage

__all__ = ["Faults"]


class Faults(ShadowTable[M]):
    """The page-fault handler; it holds the paging lock, so that it is one step."""

    def initial(self, anything: M) -> M:
        """The log is empty."""
        m = super().initial(anything)
        return m.but(log=m.log.but(dirty=m.log.dirty.cleared()), ghost=m.ghost.but(noted=m.ghost.noted.cleared()))

    @guest
    def write_fault(self, m: M, cpu: Cpu, vpn: Vpn, value: Value) -> M:
        """R5: a store faults. Forbidden by the guest's own table, it is the guest's fault; else it is logged.

        ``value`` is what the guest's own handler leaves in the CPU's registers if the fault is reflected.
        """
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(neg(m.cpus.writable[cpu, vpn]), "the TLB has no writable entry for the page")
        need(m.cpus.present[cpu, vpn] | neg(m.shadow.writable[vpn]), "a walk would find no writable entry either")
        there = self.is_there(m, m.source.table.frame[vpn])
        need(there | neg(m.source.table.writable[vpn]), "the frame that the guest lets be written is there")
        if m.source.table.writable[vpn]:
            return self.logged(m, cpu, vpn)
        return self.reflected(m, cpu, value)

    def reflected(self, m: M, cpu: int, value: int) -> M:
        """The guest sees its own page fault (R5): its handler runs, and nothing is logged."""
        return m.but(source=m.source.but(registers=m.source.registers.set(cpu, value)))

    def logged(self, m: M, cpu: int, vpn: int) -> M:
        """The store is permitted again once its page is marked; the CPU's stale entry goes, the store is retried."""
        page = m.source.table.frame[vpn]
        marked = m if self.permits(m, page) else self.permitted(self.faulted(m, cpu, page), page)
        return marked.but(
            shadow=self.entered(marked, vpn),
            cpus=m.cpus.but(
                present=m.cpus.present.discard((cpu, vpn)),
                writable=m.cpus.writable.discard((cpu, vpn)),
            ),
        )

    def faulted(self, m: M, cpu: int, page: int) -> M:
        """The mark of a vCPU's own fault; it goes where any other does, unless vCPUs keep logs of their own."""
        return self.marked(m, page)

    def marked(self, m: M, page: int) -> M:
        """R6: the fault marks the page dirty, which schedules another transfer of it."""
        return self.logs(m, page).but(ghost=m.ghost.but(noted=m.ghost.noted.add(page)))

    def logs(self, m: M, page: int) -> M:
        """The mark goes into the log."""
        return m.but(log=m.log.but(dirty=m.log.dirty.add(page)))

    @abstractmethod
    def permitted(self, m: M, page: int) -> M:
        """R7: the page has been marked, and its mappings may be written again until it is protected the next time."""

    # what the rounds ask of the protection

    @abstractmethod
    def taken_up(self, m: M) -> Stage:
        """How far a page is when the engine takes it up while the guest runs: how much is left before it is read."""

    def log_cleared(self, m: M, page: int) -> Log:
        """The log when the engine takes the page up."""
        return m.log

    def need_set_up(self, m: M) -> None:
        """All is ready for rounds; Refused, with what is not."""

    def is_to_be_blown(self, m: M, page: int) -> bool:
        """Mappings of the page that are no longer permitted are still in the shadow, and about to be revoked."""
        return False

    def is_revoked_elsewhere(self, m: M) -> bool:
        """No table beside the shadow, if there is any, lets a page be written that the log does not permit."""
        return True

    def logging_begun(self, m: M) -> M:
        """What a migration that begins does to the log and the mappings."""
        return m

    def logging_ended(self, m: M) -> M:
        """What a migration that is given up, and a source that is discarded, do to them: nothing is left (I-CLEAN)."""
        return m

    def found(self, m: M) -> Set[Pfn]:
        """The pages that a harvest finds in the log."""
        return m.log.dirty

    def emptied(self, m: M) -> M:
        """The log after a harvest: what it found is in the hands of the rounds."""
        return m.but(log=m.log.but(dirty=m.log.dirty.cleared()))

    def is_marked(self, m: M, page: int) -> bool:
        """The page is marked, in one of the places where marks are kept."""
        return self.is_in_log(m, page)

    def is_in_log(self, m: M, page: int) -> bool:
        """A mark of the page is in the log, whatever the log is made of, and no harvest has handed it on."""
        return m.log.dirty[page]

    def may_be_skipped(self, m: M, page: int) -> bool:
        """Nothing of the page in hand need be read, for what it holds does not matter."""
        return False

    def is_quiet(self, m: M) -> bool:
        """Whoever else may write has been stopped, and what it wrote can be harvested."""
        return True

    def is_to_be_marked(self, m: M, page: int) -> bool:
        """A writer beside the vCPUs has written the page, or may yet, and has to mark it before the last harvest."""
        return False

    def is_settled(self, m: M) -> bool:
        """No mark is left in the places that parts of the machine keep marks in, and nothing is on the wire."""
        return True

    def is_written_without_trace(self, m: M, page: int) -> bool:
        """Between the clearing of the page's marks and its protection: it will be read after that."""
        return False

    @law(Contract.LOGGING, "R5")
    def a_fault_that_the_guest_sees_is_never_logged(self, before: M, after: M, cpu: Cpu, page: Pfn) -> bool:
        """R5: a step that changes a CPU's registers, as the guest's own handler does, leaves the log alone."""
        reflected = before.hand_over.source_runs & (before.source.registers[cpu] != after.source.registers[cpu])
        return implies(reflected, iff(before.log.dirty[page], after.log.dirty[page]))
