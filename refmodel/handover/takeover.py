"""The end of a stream of checkpoints: the target takes over, or protection is given up.

That the source may not run once the target has taken over is a matter of fencing: a takeover stops it. So is it the
other way round: where the two do not hear each other, protection ends only once the target is known not to take over.

What the target does between the source's death and its takeover it can do before that death as well, so that a
machine without the part ``failures`` has the two in one step.
"""

from refmodel.handover.checkpoint_state import Epoch, K
from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.language import engine, need, neg
from refmodel.state import Phase

__all__ = ["Takeover"]


class Takeover(CheckpointSteps[K]):
    """Who goes on, and from what."""

    @engine
    def take_over(self, m: K) -> K:
        """The source is dead, or has been fenced: the guest goes on at the target, from the last whole checkpoint."""
        need(self.is_protected(m), "the guest is protected by checkpoints")
        need(self.may_start(m), "the target is there, and has not been fenced")
        need(self.may_take_over(m), "a whole checkpoint is all that is in the target's memory")
        gone, marks = self.logging_ended(self.fenced(m)), m.checkpoints
        return gone.but(
            phase=Phase.AFTER,
            target=m.target.but(table=marks.kept.table, registers=marks.kept.registers),
            transfer=self.idle(m),
            hand_over=gone.hand_over.but(target_runs=True),
            checkpoints=marks.but(
                epoch=Epoch.OPEN, acknowledged=True, taken_here=False, buffered=marks.buffered.cleared()
            ),
            output=m.output.but(fresh=m.output.fresh.cleared()),
        )

    def is_protected(self, m: K) -> bool:
        """While the migration runs; and also once the source has died in it, if there was a checkpoint by then."""
        return self.is_migrating(m) | self.is_orphaned(m)

    def is_orphaned(self, m: K) -> bool:
        """The source's host has died, and there is a checkpoint: the target has not taken over yet."""
        return (m.phase == Phase.ABORTED) & m.checkpoints.exists

    def has_enough(self, m: K) -> bool:
        """A whole checkpoint will do."""
        return super().has_enough(m) | (self.is_protected(m) & m.checkpoints.exists)

    def may_take_over(self, m: K) -> bool:
        """An epoch that is being applied has to be applied first; one that is not whole is dropped."""
        return m.checkpoints.exists & (m.checkpoints.epoch != Epoch.WHOLE)

    def fenced(self, m: K) -> K:
        """Nothing moves at the source any more, nor is anything left of it to move."""
        cpus, shadow = m.cpus, m.shadow
        return m.but(
            hand_over=m.hand_over.but(source_runs=False),
            cpus=cpus.but(present=cpus.present.cleared(), writable=cpus.writable.cleared()),
            shadow=shadow.but(
                present=shadow.present.cleared(), writable=shadow.writable.cleared(), unsynced=shadow.unsynced.cleared()
            ),
        )

    def bereft(self, m: K) -> K:
        """If there is a checkpoint, the guest does not die. What is not whole is lost: the rest of it will not come."""
        after, marks = super().bereft(m), m.checkpoints
        if neg(marks.exists):
            return after
        over = marks.but(acknowledged=True, taken_here=False)
        after = after.but(output=m.output)
        if marks.epoch == Epoch.WHOLE:
            return after.but(checkpoints=over, ghost=after.ghost.but(copied=m.ghost.copied))
        return after.but(checkpoints=over.but(epoch=Epoch.OPEN, buffered=marks.buffered.cleared()))

    def taken_back(self, m: K) -> K:
        """The guest is protected no more: what the target has of it counts for nothing, and its output may go."""
        after = self.unprotected(super().taken_back(m))
        return after.but(ghost=after.ghost.but(copied=after.target.memory))
