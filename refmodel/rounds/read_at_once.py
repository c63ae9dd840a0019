"""Where protection is the harvest's matter, a page that is taken up is read at once."""

from refmodel.language import Contract, invariant
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import M, Stage

__all__ = ["ReadAtOnce"]


class ReadAtOnce(PageTransfer[M]):
    """Nothing lies between taking a page up and reading it: neither a mark nor a flush of its own."""

    def taken_up(self, m: M) -> Stage:
        """It was protected before."""
        return Stage.READING

    @invariant(Contract.ROUNDS, "I-LIVE")
    def a_page_in_hand_is_being_read(self, m: M) -> bool:
        """So the engine is never left waiting for a protection that nobody gives."""
        return (m.transfer.stage == Stage.IDLE) | (m.transfer.stage == Stage.READING)
