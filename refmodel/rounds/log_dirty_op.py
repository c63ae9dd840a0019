"""CLEAN, as Xen's ``paging_log_dirty_op`` does it [D]: hold the vCPUs, copy and clear the log, protect, let them go on.

    domain_pause -> copy and clear, under the paging lock -> ops->clean: blow, flush -> domain_unpause

The pause makes that one step for vCPUs, and for them alone: device models, backends and dom0 mark pages in between, and
what they mark after the clearing stays for the next harvest. The order is what safety rests on, not the pause:
``HarvestUnpaused`` is the same without it.
"""

from refmodel.language import Contract, engine, implies, invariant, need, neg
from refmodel.logging.protect_at_harvest import C, ProtectAtHarvest
from refmodel.rounds.read_at_once import ReadAtOnce
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Phase, Stage

__all__ = ["HarvestUnpaused", "LogDirtyOp"]


class LogDirtyOp(ProtectAtHarvest[C], ReadAtOnce[C], MigrationRounds[C]):
    """The harvest between two rounds in its own steps; ``next_round`` is the one that copies and clears."""

    @engine
    def harvest_hold(self, m: C) -> C:
        """CLEAN is called: the domain is paused for it."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(neg(m.clean.under_way), "no log-dirty operation is under way")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.to_send.is_empty, "the round has sent all that it owed")
        need(self.may_go_on(m), "the policy allows another round")
        return m.but(clean=m.clean.but(under_way=True))

    def next_round(self, m: C) -> C:
        """The log is copied to the caller's bitmap and cleared. Nothing has been protected yet."""
        need(m.clean.under_way, "a log-dirty operation is under way")
        need(neg(m.clean.cleared), "the log has not been copied yet")
        after = super().next_round(m)
        return after.but(clean=after.clean.but(cleared=True))

    @engine
    def harvest_release(self, m: C) -> C:
        """The domain is unpaused: nothing is left of what the log permitted before."""
        need(m.clean.under_way, "a log-dirty operation is under way")
        need(m.clean.cleared & m.clean.blown, "the log has been cleared and the shadow tables blown")
        need(m.clean.flushed.is_full, "every CPU has been flushed")
        return self.ended(m)

    def transfer_clear(self, m: C, page: int) -> C:
        """Pages are sent after the call has returned."""
        need(neg(m.clean.under_way), "no log-dirty operation is under way")
        return super().transfer_clear(m, page)

    def pause(self, m: C) -> C:
        """The toolstack suspends the domain between two calls."""
        need(neg(m.clean.under_way), "no log-dirty operation is under way")
        return super().pause(m)

    def final_harvest(self, m: C) -> C:
        """The last CLEAN, with the domain suspended: nothing can come between its steps, which are one here."""
        need(neg(m.clean.under_way), "no log-dirty operation is under way")
        after = self.blown(super().final_harvest(m))
        cpus = after.cpus
        return self.ended(after.but(cpus=cpus.but(present=cpus.present.cleared(), writable=cpus.writable.cleared())))

    @invariant(Contract.ROUNDS)
    def the_log_is_harvested_between_two_pages(self, m: C) -> bool:
        """The caller is one thread: it sends, or it harvests."""
        return implies(m.clean.under_way, m.transfer.stage == Stage.IDLE)

    @invariant(Contract.ROUNDS, "I-LIVE")
    def a_log_that_is_about_to_be_copied_is_one_for_another_round(self, m: C) -> bool:
        """So that the operation comes to its end: the policy has allowed the round, and the last one is over."""
        allowed = (m.phase == Phase.LIVE) & m.rounds.to_send.is_empty & self.has_chosen_to_go_on(m)
        return implies(m.clean.under_way & neg(m.clean.cleared), allowed)


class HarvestUnpaused(LogDirtyOp[C]):
    """The same harvest under the running guest, as KVM_GET_DIRTY_LOG had it: copy and clear, protect, flush."""

    pauses = False
