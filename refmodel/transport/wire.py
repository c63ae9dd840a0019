"""The wire at its simplest: what is read of a page is at the target in the same step."""

from refmodel.language import Contract, Pfn, Word, implies, invariant, neg, pick
from refmodel.logging.faults import Faults
from refmodel.state import M, Phase

__all__ = ["Wire"]


class Wire(Faults[M]):
    """A word that the engine reads is delivered at once, as it was read."""

    def initial(self, anything: M) -> M:
        """Nothing has been read: what the target happens to hold stands for it."""
        m = super().initial(anything)
        return m.but(ghost=m.ghost.but(copied=m.target.memory))

    def sent(self, m: M, page: int, word: int) -> M:
        """The word is read and handed to the wire."""
        return self.handed(self.copied(m, page, word), page, word, m.source.memory[page, word])

    def copied(self, m: M, page: int, word: int) -> M:
        """Noted, for the claims alone: what was read of the word."""
        copied = m.ghost.copied.set((page, word), m.source.memory[page, word])
        return m.but(ghost=m.ghost.but(copied=copied))

    def handed(self, m: M, page: int, word: int, value: int) -> M:
        """What the wire does with a word that it is handed: here it delivers it."""
        return self.delivered(m, page, word, value)

    def goes_by_reference(self, m: M, page: int) -> bool:
        """What the wire is handed of the page is the page itself, which it reads when it leaves: no copy is made."""
        return False

    def handed_whole(self, m: M, page: int, value: int) -> M:
        """The same of a page that holds one value throughout, and is sent as that."""
        return self.delivered_whole(m, page, value)

    def delivered(self, m: M, page: int, word: int, value: int) -> M:
        """It is written to the target's memory."""
        return m.but(target=m.target.but(memory=m.target.memory.set((page, word), value)))

    def held_before(self, m: M, page: int, word: int, value: int) -> M:
        """The target's memory holds this, before anything has been sent."""
        return self.delivered(m, page, word, value)

    def delivered_whole(self, m: M, page: int, value: int) -> M:
        """The value is written to all of the page."""
        held = m.target.memory
        return m.but(target=m.target.but(memory=held.made(lambda p, w: pick(p == page, value, held[p, w]))))

    def is_at_target(self, m: M, page: int) -> bool:
        """The target has a page to keep what it was sent in."""
        return True

    def in_flight(self, m: M, page: int) -> bool:
        """What was read of the page has not all arrived."""
        return False

    def is_awaited(self, m: M, page: int) -> bool:
        """The target has dropped the page, and the guest cannot have it there before it has arrived again."""
        return False

    def is_whole(self, m: M) -> bool:
        """A guest that runs at the target has all of its memory there, and needs the source for nothing more."""
        return True

    @invariant(Contract.TRANSPORT, "I-ORDER", export=True)
    def what_has_arrived_is_what_was_read(self, m: M, page: Pfn, word: Word) -> bool:
        """Until the guest runs at the target, its memory is what the engine read of the source's, word by word."""
        arrived = (m.phase != Phase.AFTER) & neg(self.in_flight(m, page))
        return implies(arrived, m.target.memory[page, word] == m.ghost.copied[page, word])
