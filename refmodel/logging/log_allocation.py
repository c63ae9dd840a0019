"""A mark needs memory: the leaf of the log that it goes to may have to be allocated, and there may be none.

The store goes on, for the guest must not be stopped by it. That a mark was lost is remembered (Xen's ``failed_allocs``
[D]), and from then on any page may be one that should be marked: no harvest succeeds (-ENOMEM), and the migration has
to be given up. That memory has come back since makes no difference.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Contract, Pfn, State, engine, implies, invariant, law, need, neg, operator
from refmodel.state import Machine, Phase, Stage, is_without_migration

__all__ = ["A", "Allocation", "LogAllocation", "WithAllocation"]


@frozen(slots=False)
class Allocation(State):
    """The memory that the log is kept in."""

    short: bool
    """There is none left for another leaf."""
    failed: bool
    """Some mark has been lost for want of it."""


@frozen(slots=False)
class WithAllocation(Machine):
    """The state of a machine whose log takes memory as it grows."""

    allocation: Allocation


A = TypeVar("A", bound=WithAllocation)


class LogAllocation(HandOverSteps[A]):
    """A lost mark stands for a mark of every page, until the migration has been given up."""

    def initial(self, anything: A) -> A:
        """Nothing has failed; whether there is memory is left open."""
        m = super().initial(anything)
        return m.but(allocation=m.allocation.but(failed=False))

    @operator
    def memory_runs_out(self, m: A) -> A:
        """The host, or the shadow pool, has no page left for the log."""
        need(neg(m.allocation.short), "there is memory for the log")
        return m.but(allocation=m.allocation.but(short=True))

    @operator
    def memory_comes_back(self, m: A) -> A:
        """There is memory again."""
        need(m.allocation.short, "there is no memory for the log")
        return m.but(allocation=m.allocation.but(short=False))

    def marked(self, m: A, page: int) -> A:
        """The page is marked if there is memory for it."""
        if m.allocation.short:
            return self.mark_failed(m, page)
        return super().marked(m, page)

    def mark_failed(self, m: A, page: int) -> A:
        """It is remembered that a mark was lost."""
        return m.but(
            allocation=m.allocation.but(failed=True),
            ghost=m.ghost.but(noted=m.ghost.noted.filled()),
        )

    def harvested(self, m: A) -> A:
        """A log of which marks were lost is not harvested: the caller gets an error, and nothing else."""
        need(self.is_whole(m), "no mark has been lost for want of memory")
        return super().harvested(m)

    @engine
    def harvest_refused(self, m: A) -> A:
        """The harvest between two rounds, or the last one, returns -ENOMEM, and the migration is given up."""
        need((m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED), "a harvest may be due")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(neg(self.is_whole(m)), "a mark has been lost for want of memory")
        return self.abort(m)

    def is_whole(self, m: A) -> bool:
        """The log holds every mark that was made."""
        return neg(m.allocation.failed)

    def emptied(self, m: A) -> A:
        """The log starts afresh with the harvest."""
        after = super().emptied(m)
        return after.but(allocation=after.allocation.but(failed=False))

    def logging_ended(self, m: A) -> A:
        """The log goes, and what was wrong with it."""
        after = super().logging_ended(m)
        return after.but(allocation=after.allocation.but(failed=False))

    def is_marked(self, m: A, page: int) -> bool:
        """It may be the one whose mark was lost."""
        return m.allocation.failed | super().is_marked(m, page)

    def is_settled(self, m: A) -> bool:
        """No mark has been lost."""
        return super().is_settled(m) & neg(m.allocation.failed)

    @invariant(Contract.HAND_OVER, "I-FINAL", "I-CONS", goal=True)
    def no_migration_goes_on_past_the_last_harvest_with_a_lost_mark(self, m: A) -> bool:
        """It has been given up before."""
        over = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return neg(over & m.allocation.failed)

    @law(Contract.LOGGING, "I-LOG", "I-CONS")
    def a_lost_mark_is_remembered_until_the_migration_is_given_up(self, before: A, after: A) -> bool:
        """No harvest takes the failure for a log without that mark."""
        over = is_without_migration(after)
        return implies(before.allocation.failed & neg(after.allocation.failed), over)

    @law(Contract.HAND_OVER, "I-CLEAN")
    def a_migration_that_is_given_up_takes_its_lost_marks_along(self, before: A, after: A) -> bool:
        """Else no harvest of a later one would ever succeed."""
        given_up = self.is_migrating(before) & (after.phase == Phase.ABORTED)
        return implies(given_up, neg(after.allocation.failed))

    def what_is_sent_while_paused_was_owed_or_dirty_at_the_pause(self, before: A, after: A, page: Pfn) -> bool:
        """A mark that is lost while the machine stands still makes no page one to be sent: the last harvest fails."""
        return after.allocation.failed | super().what_is_sent_while_paused_was_owed_or_dirty_at_the_pause(
            before, after, page
        )
