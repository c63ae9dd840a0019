"""Questions of the hand-over that parts answer: who may run, what is heard, what a death leaves.

A machine without the part ``failures`` hears everything and loses nobody.
"""

from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import M, Phase

__all__ = ["WhoRuns"]


class WhoRuns(MigrationRounds[M]):
    """The answers of a machine that has none of these parts."""

    def has_given_up(self, m: M) -> bool:
        """The source has given up its right to run, for good."""
        return self.is_committed(m) | (m.phase == Phase.AFTER)

    def has_moved(self, m: M) -> bool:
        """The guest has run at the target: what it stored last was stored there."""
        return m.hand_over.target_runs

    def has_enough(self, m: M) -> bool:
        """The target has all that it needs to run the guest: the source need tell it nothing more."""
        return self.is_committed(m) | (m.phase == Phase.AFTER)

    def is_heard(self, m: M) -> bool:
        """What one side says reaches the other."""
        return True

    def may_start(self, m: M) -> bool:
        """The target is there to start the guest, and nobody has kept it from that."""
        return True

    def nothing_kept(self, m: M) -> M:
        """What a migration has taken for itself at the source it gives back (I-CLEAN): its log, and what parts add."""
        return self.logging_ended(m)

    def taken_back(self, m: M) -> M:
        """The source has the guest again, and nothing of the migration is left in its way (I-CLEAN)."""
        return self.nothing_kept(m).but(
            phase=Phase.ABORTED,
            transfer=self.idle(m),
            hand_over=m.hand_over.but(source_runs=True),
        )

    def bereft(self, m: M) -> M:
        """The source's host dies before the commit: the guest dies with it, and the migration is over."""
        after = self.taken_back(m)
        return after.but(hand_over=after.hand_over.but(source_runs=False))
