"""Writers with no vCPU, and so with no ring: they mark a bitmap that is read at the last stage alone.

KVM writes guest memory outside any vCPU's context when it saves the interrupt controller's tables (vGIC, ITS). A dirty
ring cannot take that (``86bdf3ebcfe1`` [P]), so the slot keeps a bitmap beside the rings (KVM_CAP_DIRTY_LOG_RING_WITH_-
BITMAP). The tables are saved around the stop, therefore QEMU reads it once, at the last sync (``b20cc77692`` [C]).

What such a writer writes after the pause it may as well have written before it, for nothing comes in between; what may
come after the pause is the mark.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Pfn, Set, State, Value, Word, engine, guest, implies, invariant, need, neg
from refmodel.logging.dirty_ring import DirtyRing
from refmodel.logging.ring_state import WithRing
from refmodel.state import Phase

__all__ = ["B", "Backup", "BackupBitmap", "WithBackup"]


@frozen(slots=False)
class Backup(State):
    """What a writer with no vCPU has under way. The bitmap is the log."""

    written: Set[Pfn]
    """Pages that it has written and not marked."""


@frozen(slots=False)
class WithBackup(WithRing):
    """The state of a machine with a bitmap beside its rings."""

    backup: Backup


B = TypeVar("B", bound=WithBackup)


class BackupBitmap(DirtyRing[B]):
    """Write, then mark; the last harvest waits for the mark, and reads the bitmap with the rings."""

    leaves_out = frozenset({"the_rings_are_all_the_log_that_there_is"})

    def initial(self, anything: B) -> B:
        """Nothing is under way."""
        m = super().initial(anything)
        return m.but(backup=m.backup.but(written=m.backup.written.cleared()))

    def unlogged(self, m: B) -> B:
        """The bitmap goes with the rings."""
        after = super().unlogged(m)
        return after.but(
            log=m.log.but(dirty=m.log.dirty.cleared()), backup=m.backup.but(written=m.backup.written.cleared())
        )

    def is_last_stage(self, m: B) -> bool:
        """``last_stage`` of QEMU's sync: the source's vCPUs stand still."""
        return m.phase == Phase.PAUSED

    def backed_up(self, m: B) -> Set[Pfn]:
        """What a sync reads of the bitmap: at the last stage all, else nothing."""
        return m.log.dirty.where(lambda page: neg(self.is_last_stage(m)), False)

    def found(self, m: B) -> Set[Pfn]:
        """What was read from the rings, and from the bitmap."""
        return super().found(m) | self.backed_up(m)

    def emptied(self, m: B) -> B:
        """The log after a sync: what it did not read stays."""
        return super().emptied(m).but(log=m.log.but(dirty=m.log.dirty - self.backed_up(m)))

    def is_to_be_marked(self, m: B, page: int) -> bool:
        """A writer with no vCPU has written the page."""
        return super().is_to_be_marked(m, page) | m.backup.written[page]

    def is_quiet(self, m: B) -> bool:
        """The save is over: what it wrote is marked."""
        return super().is_quiet(m) & m.backup.written.is_empty

    @guest
    def write_without_vcpu(self, m: B, pfn: Pfn, word: Word, value: Value) -> B:
        """The hypervisor writes a word, in no vCPU's context. Outside a migration such a write is like any other."""
        need((m.phase == Phase.SETUP) | (m.phase == Phase.LIVE), "a migration has begun and the guest runs")
        return self.stored(m, pfn, word, value).but(backup=m.backup.but(written=m.backup.written.add(pfn)))

    @engine
    def mark_without_vcpu(self, m: B, pfn: Pfn) -> B:
        """It marks what it wrote (``mark_page_dirty_in_slot`` with no running vCPU)."""
        need(m.backup.written[pfn], "the page has been written and not marked")
        return self.marked(m, pfn).but(backup=m.backup.but(written=m.backup.written.discard(pfn)))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def a_writer_with_no_vcpu_is_done_at_the_last_harvest(self, m: B, page: Pfn) -> bool:
        """A mark that comes after it would be read by nobody."""
        return implies(m.backup.written[page], self.is_before_the_last_harvest(m))
