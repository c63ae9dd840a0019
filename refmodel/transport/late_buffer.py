"""A wire that is handed pages by reference, and reads them when they leave (zero-copy: ``MSG_ZEROCOPY``).

What is queued is the source's page itself. It is read word by word as it leaves, under the running guest: so what
leaves may be newer than what was there when it was queued, and the versions of a page that are queued behind each other
may turn out the same. None of that harms as long as every store is logged from the moment when a word has left, however
long the page has waited: then a word that has not left will be read yet, and one that has is dirty.

A copy is sent where one is made anyway: a page of zeros goes as that, and a page that the delta cache has a line for
goes from there, for the target must hold what the line says.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Pfn, Place, Set, State, Word, implies, invariant, neg
from refmodel.transport.fifo import FifoWire, WithFifo

__all__ = ["L", "LateBuffer", "References", "WithReferences"]


@frozen(slots=False)
class References(State):
    """Which records on the wire are references."""

    places: Set[Place]
    """Places whose record is the source's page; in the others is a copy."""


@frozen(slots=False)
class WithReferences(WithFifo):
    """The state of a machine that sends by reference."""

    references: References


L = TypeVar("L", bound=WithReferences)


class LateBuffer(FifoWire[L]):
    """A queue whose records are read when they leave, which here is when they arrive."""

    def sent(self, m: L, page: int, word: int) -> L:
        """The word is queued, and not looked at; a copy is a read like any other."""
        if self.goes_by_reference(m, page):
            return self.handed(m, page, word, m.source.memory[page, word])
        return super().sent(m, page, word)

    def goes_by_reference(self, m: L, page: int) -> bool:
        """No copy is made, unless another part has one."""
        return True

    def handed(self, m: L, page: int, word: int, value: int) -> L:
        """What is queued is the page, unless a copy was made of it."""
        return self.queued_as(super().handed(m, page, word, value), m, self.goes_by_reference(m, page))

    def handed_whole(self, m: L, page: int, value: int) -> L:
        """A page that holds one value throughout is not referred to."""
        return self.queued_as(super().handed_whole(m, page, value), m, False)

    def queued_as(self, after: L, m: L, is_reference: bool) -> L:
        """The record that was queued last is one, or is none."""
        return after.but(references=m.references.but(places=m.references.places.put(m.fifo.tail, is_reference)))

    def brought(self, m: L, place: int, page: int, word: int) -> int:
        """What the page holds when the word leaves."""
        if m.references.places[place]:
            return m.source.memory[page, word]
        return super().brought(m, place, page, word)

    def wire_deliver(self, m: L, place: Place, page: Pfn, word: Word) -> L:
        """A word that leaves is read; that counts where no newer record of it waits that is a copy."""
        after = super().wire_deliver(m, place, page, word)
        is_newest = neg(m.fifo.whole[place]) & m.references.places[place] & (m.fifo.newest[page, word] == place)
        return self.copied(after, page, word) if is_newest else after

    def is_unread(self, m: L, page: int, word: int) -> bool:
        """The newest record of the word is a reference, and has not left."""
        return self.is_on_the_wire(m, page, word) & m.references.places[m.fifo.newest[page, word]]

    def is_to_be_read(self, m: L, page: int, word: int) -> bool:
        """Until it leaves."""
        return super().is_to_be_read(m, page, word) | self.is_unread(m, page, word)

    @invariant(Contract.TRANSPORT, "I-ORDER", "I-ZERO")
    def a_record_of_one_value_is_no_reference(self, m: L, place: Place, word: Word) -> bool:
        """The page may hold another by the time it leaves."""
        waits = m.fifo.words[place, word] & m.fifo.whole[place]
        return implies(waits, neg(m.references.places[place]))

    @invariant(Contract.TRANSPORT, "I-ORDER", "I-DELTA")
    def what_waits_as_a_reference_is_no_copy(self, m: L, place: Place, page: Pfn, word: Word) -> bool:
        """Of no page that a copy is made of is there a reference on its way."""
        waits = m.fifo.words[place, word] & m.fifo.pages[place, page] & m.references.places[place]
        return implies(waits, self.goes_by_reference(m, page))
