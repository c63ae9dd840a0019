"""A page is protected when it is transferred, as the seed text has it: clear, mark, revoke, flush, then read (R4).

A store may fall between any two of them. The order is QEMU's own rule (``migration_bitmap_clear_dirty`` [D]) and
I-ORDER of the catalogue: whatever is written before the clear is in what is read, whatever comes after it is logged.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Cpu, Pfn, Set, State, Vpn, engine, implies, invariant, need, neg
from refmodel.logging.faults import Faults
from refmodel.state import Cpus, Log, Machine, Phase, Stage

__all__ = ["P", "ProtectAtTransfer", "Protection", "WithProtection"]


@frozen(slots=False)
class Protection(State):
    """The pages that stores are being logged for."""

    transferred: Set[Pfn]
    """Pages entered read-only wherever they are mapped, so that a store to one faults."""


@frozen(slots=False)
class WithProtection(Machine):
    """The state of a machine that protects at transfer."""

    protection: Protection


P = TypeVar("P", bound=WithProtection)


class ProtectAtTransfer(Faults[P]):
    """The work on one page from its clearing to its protection; ``PageTransfer`` has what comes before and after."""

    def initial(self, anything: P) -> P:
        """No page is protected."""
        m = super().initial(anything)
        return m.but(protection=m.protection.but(transferred=m.protection.transferred.cleared()))

    def permits(self, m: P, page: int) -> bool:
        """Until the page is marked transferred, and again once a fault has marked it dirty."""
        return neg(m.protection.transferred[page])

    def protecting(self, m: P, page: int, cpu: int) -> bool:
        """From the mark until this CPU has been flushed for the page."""
        return (m.transfer.stage == Stage.MARKED) & (m.transfer.page == page) & neg(m.transfer.flushed[cpu])

    def permitted(self, m: P, page: int) -> P:
        """R7: writable mappings of the page are permitted again, until it is retransferred.

        Every in-sync mapping of it gets the guest's rights back here, with the one that faulted.
        """
        shadow, table = m.shadow, m.source.table
        granted = shadow.writable.where(
            lambda v: shadow.present[v] & neg(shadow.unsynced[v]) & (shadow.frame[v] == page) & table.writable[v], True
        )
        return m.but(
            protection=m.protection.but(transferred=m.protection.transferred.discard(page)),
            shadow=shadow.but(writable=granted),
        )

    def logging_begun(self, m: P) -> P:
        """No page is protected when a migration begins."""
        begun = super().logging_begun(m)
        return begun.but(protection=m.protection.but(transferred=m.protection.transferred.cleared()))

    def taken_up(self, m: P) -> Stage:
        """Its marks have been cleared; it is still to be protected."""
        return Stage.CLEARED

    def log_cleared(self, m: P, page: int) -> Log:
        """A mark from before the page is read is of no more use: what it stands for will be read."""
        return m.log.but(dirty=m.log.dirty.discard(page))

    def is_written_without_trace(self, m: P, page: int) -> bool:
        """Cleared, and not yet marked transferred."""
        return (m.transfer.stage == Stage.CLEARED) & (m.transfer.page == page)

    @engine
    def transfer_mark(self, m: P) -> P:
        """The page is marked transferred: from now on it is entered read-only wherever the shadow is filled."""
        need(m.transfer.stage == Stage.CLEARED, "the page's marks have been cleared")
        return m.but(
            protection=m.protection.but(transferred=m.protection.transferred.add(m.transfer.page)),
            transfer=m.transfer.but(stage=Stage.MARKED),
        )

    @engine
    def transfer_revoke(self, m: P, vpn: Vpn) -> P:
        """Write access goes from one shadow mapping of the page, by the frame that the mapping names (aliases too)."""
        need(m.transfer.stage == Stage.MARKED, "the page has been marked transferred")
        need(m.protection.transferred[m.transfer.page], "no fault has permitted writes to the page again")
        need(m.shadow.writable[vpn] & (m.shadow.frame[vpn] == m.transfer.page), "the entry lets the page be written")
        return m.but(shadow=m.shadow.but(writable=m.shadow.writable.discard(vpn)))

    @engine
    def transfer_flush(self, m: P, cpu: Cpu) -> P:
        """One CPU's TLB entries for the page go; after the last CPU the page may be read."""
        need(m.transfer.stage == Stage.MARKED, "the page has been marked transferred")
        need(neg(m.transfer.flushed[cpu]), "this CPU has not been flushed for the page yet")
        need(self.is_revoked(m, m.transfer.page), "no shadow mapping of the page is left to revoke")
        need(self.is_revoked_elsewhere(m), "no other table is left to revoke")
        flushed = m.transfer.flushed.add(cpu)
        stage = Stage.READING if flushed.is_full else Stage.MARKED
        return m.but(
            cpus=self.flushed(m, cpu, m.transfer.page),
            transfer=m.transfer.but(stage=stage, flushed=flushed),
        )

    def is_revoked(self, m: P, page: int) -> bool:
        """No shadow mapping lets the page be written, or a fault has marked it and permitted writes again."""
        return neg(m.protection.transferred[page]) | m.shadow.writable.never(lambda v: m.shadow.frame[v] == page)

    def flushed(self, m: P, cpu: int, page: int) -> Cpus:
        """The CPUs with one CPU's entries for the page dropped, by the frame that the entry names."""
        cpus = m.cpus
        return cpus.but(
            present=cpus.present.where(lambda c, v: (c == cpu) & (cpus.frame[c, v] == page), False),
            writable=cpus.writable.where(lambda c, v: (c == cpu) & (cpus.frame[c, v] == page), False),
        )

    @invariant(Contract.LOGGING, "R1", "R4")
    def no_page_is_protected_before_every_cpu_walks_the_shadow(self, m: P, page: Pfn, cpu: Cpu) -> bool:
        """R1's order: a CPU on the guest's own table would store to a protected page without a fault."""
        return implies(m.protection.transferred[page] & (m.phase != Phase.ABORTED), self.walks_the_shadow(m, cpu))

    @invariant(Contract.ROUNDS)
    def cpus_are_flushed_only_for_a_marked_page(self, m: P, cpu: Cpu) -> bool:
        """The list of flushed CPUs starts empty for each page."""
        stage = m.transfer.stage
        return implies(m.transfer.flushed[cpu], (stage == Stage.MARKED) | (stage == Stage.READING))

    @invariant(Contract.ROUNDS, "I-LIVE")
    def a_marked_page_waits_for_some_cpu(self, m: P) -> bool:
        """The flush of the last CPU ends the wait, so that the engine is never stuck at a page."""
        return implies(m.transfer.stage == Stage.MARKED, neg(m.transfer.flushed.is_full))

    @invariant(Contract.ROUNDS)
    def a_page_is_protected_only_while_rounds_run(self, m: P) -> bool:
        """Clear, mark, revoke and flush happen under the running guest; a standing guest's page is read at once."""
        protecting = (m.transfer.stage == Stage.CLEARED) | (m.transfer.stage == Stage.MARKED)
        return implies(protecting, m.phase == Phase.LIVE)
