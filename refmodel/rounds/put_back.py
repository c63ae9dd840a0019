"""A round that cannot be sent is put back: what it owes goes into the log again, for whoever harvests next.

To read the log is to clear it. When what was read then cannot be written, to a file or to the wire, its bits have to
go back: Firecracker's ``store_dirty_bitmap`` (``0d0cab9f37``, ``d9599f5727`` [C+D]); Propolis' VNO_OP_SET_DIRTY
(``#682`` [P]), without which the next attempt left those pages out.
"""

from refmodel.language import engine, need, neg
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import M, Phase, Stage

__all__ = ["PutBack"]


class PutBack(MigrationRounds[M]):
    """The failure of a round, at any page of it."""

    @engine
    def round_fails(self, m: M) -> M:
        """What is left of the round goes back into the log."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(neg(m.rounds.to_send.is_empty), "the round still owes something")
        return m.but(
            log=m.log.but(dirty=m.log.dirty | m.rounds.to_send),
            rounds=m.rounds.but(to_send=m.rounds.to_send.cleared()),
        )
