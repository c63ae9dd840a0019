"""A wire that is a queue (a TCP connection): what is sent is on its way for a while, and arrives in that order.

Several versions of a page may be on their way at once; that the newest arrives last is what the order is for. A record
is written to the target's memory word by word, the next one after it. The places for records are used in turn, as a
socket's buffer is. The commit waits until nothing is on its way; an abort loses what is, and then nothing counts as
read: another migration starts from what the target holds.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import (
    Contract,
    Map,
    Pfn,
    Place,
    Set,
    Sizes,
    State,
    Value,
    Word,
    engine,
    implies,
    invariant,
    need,
    neg,
    pick,
)
from refmodel.state import Machine, Phase

__all__ = ["Fifo", "FifoWire", "W", "WithFifo"]


@frozen(slots=False)
class Fifo(State):
    """What is on its way: in each place a record, which is of one word of a page, or of all of its words."""

    words: Set[tuple[Place, Word]]
    """The words of a record that have not arrived; a place without any is free."""
    pages: Set[tuple[Place, Pfn]]
    """The page that a record is of."""
    whole: Set[Place]
    """Places whose record says one value for all of the page, as of a page of zeros."""
    value: Map[tuple[Place, Word], Value]
    earlier: Set[tuple[Place, Place]]
    """Which of two places was used before which."""
    tail: Place
    """The place for the next record."""
    after: Map[Place, Place]
    """The place that is used after each. Constant."""
    newest: Map[tuple[Pfn, Word], Place]
    """Ghost: where the newest record of each word was put."""


@frozen(slots=False)
class WithFifo(Machine):
    """The state of a machine whose wire is a queue."""

    fifo: Fifo


W = TypeVar("W", bound=WithFifo)


class FifoWire(HandOverSteps[W]):
    """Sending and arriving are two steps, with anything between them but another order."""

    def initial(self, anything: W) -> W:
        """Nothing is on its way."""
        m = super().initial(anything)
        words, pages, earlier = m.fifo.words.cleared(), m.fifo.pages.cleared(), m.fifo.earlier.cleared()
        return m.but(fifo=m.fifo.but(words=words, pages=pages, earlier=earlier))

    def start(self, sizes: Sizes) -> W:
        """The places are used one after the other, and then again from the first."""
        m = super().start(sizes)
        after = m.fifo.after.made(lambda place: (place + 1) % sizes["place"])
        return m.but(fifo=m.fifo.but(after=after))

    def handed(self, m: W, page: int, word: int, value: int) -> W:
        """The word is put at the end of the queue, as it is now."""
        return self.queued(m, page, m.transfer.read.cleared().add(word), value, False)

    def handed_whole(self, m: W, page: int, value: int) -> W:
        """One record does for the page."""
        return self.queued(m, page, m.transfer.read.filled(), value, True)

    def queued(self, m: W, page: int, words: Set[Word], value: int, is_whole: bool) -> W:
        """The record is the last one in the queue."""
        fifo, tail, newest = m.fifo, m.fifo.tail, m.fifo.newest
        need(fifo.words.never(lambda k, w: k == tail), "the wire has room")
        return m.but(
            fifo=fifo.but(
                words=fifo.words.where(lambda k, w: (k == tail) & words[w], True),
                pages=fifo.pages.only(lambda k, p: pick(k == tail, p == page, fifo.pages[k, p])),
                whole=fifo.whole.put(tail, is_whole),
                value=fifo.value.made(lambda k, w: pick(k == tail, value, fifo.value[k, w])),
                earlier=fifo.earlier.only(lambda a, b: (a != tail) & ((b == tail) | fifo.earlier[a, b])),
                tail=fifo.after[tail],
                newest=newest.made(lambda p, w: pick((p == page) & words[w], tail, newest[p, w])),
            )
        )

    @engine
    def wire_deliver(self, m: W, place: Place, page: Pfn, word: Word) -> W:
        """A word of the record that is first in the queue reaches the target's memory; of one value, all of it does."""
        fifo = m.fifo
        need(fifo.words[place, word] & fifo.pages[place, page], "the word is on its way")
        need(fifo.words.never(lambda k, w: fifo.earlier[k, place]), "all that was sent before it has arrived")
        if fifo.whole[place]:
            after = self.delivered_whole(m, page, fifo.value[place, word])
            return after.but(fifo=fifo.but(words=fifo.words.where(lambda k, w: k == place, False)))
        after = self.delivered(m, page, word, self.brought(m, place, page, word))
        return after.but(fifo=fifo.but(words=fifo.words.discard((place, word))))

    def brought(self, m: W, place: int, page: int, word: int) -> int:
        """What the record brings: what was queued, for that is a copy of what was read."""
        return m.fifo.value[place, word]

    def in_flight(self, m: W, page: int) -> bool:
        """Some version of the page is on its way."""
        return super().in_flight(m, page) | neg(m.fifo.words.never(lambda k, w: m.fifo.pages[k, page]))

    def is_settled(self, m: W) -> bool:
        """The queue is empty: the target has said that it has all."""
        return super().is_settled(m) & m.fifo.words.is_empty

    def taken_back(self, m: W) -> W:
        """What is on its way is lost."""
        after = super().taken_back(m)
        return after.but(
            fifo=after.fifo.but(words=after.fifo.words.cleared()), ghost=after.ghost.but(copied=after.target.memory)
        )

    def is_on_the_wire(self, m: W, page: int, word: int) -> bool:
        """The newest version of the word has not arrived."""
        newest = m.fifo.newest[page, word]
        return m.fifo.words[newest, word] & m.fifo.pages[newest, page]

    def is_unread(self, m: W, page: int, word: int) -> bool:
        """It has not even been read: what was queued is no copy."""
        return False

    @invariant(Contract.TRANSPORT, "I-ORDER", goal=True)
    def a_word_that_is_not_on_the_wire_has_arrived_as_it_was_read_last(self, m: W, page: Pfn, word: Word) -> bool:
        """Whatever older versions of its page may still be on their way."""
        arrived = (m.phase != Phase.AFTER) & neg(self.is_on_the_wire(m, page, word))
        return implies(arrived, m.target.memory[page, word] == m.ghost.copied[page, word])

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def the_newest_version_on_the_wire_is_what_was_read_last(self, m: W, page: Pfn, word: Word) -> bool:
        """It was copied when it was queued, or is read when it leaves."""
        copy = m.fifo.value[m.fifo.newest[page, word], word]
        is_read = self.is_unread(m, page, word) | (copy == m.ghost.copied[page, word])
        return implies(self.is_on_the_wire(m, page, word), is_read)

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def an_older_version_on_the_wire_was_sent_before_the_newest(
        self, m: W, place: Place, page: Pfn, word: Word
    ) -> bool:
        """And the newest has not arrived then."""
        newest = m.fifo.newest[page, word]
        before_it = (place == newest) | m.fifo.earlier[place, newest]
        under_way = m.fifo.words[place, word] & m.fifo.pages[place, page]
        return implies(under_way, self.is_on_the_wire(m, page, word) & before_it)

    @invariant(Contract.TRANSPORT, "I-INDEX")
    def a_record_is_of_one_page(self, m: W, place: Place, page: Pfn, other: Pfn) -> bool:
        """Its header names it."""
        return implies(m.fifo.pages[place, page] & m.fifo.pages[place, other], page == other)

    @invariant(Contract.TRANSPORT, "I-ZERO")
    def a_record_of_one_value_has_it_for_every_word(self, m: W, place: Place, word: Word, other: Word) -> bool:
        """None of them arrives without the others."""
        whole = m.fifo.whole[place] & m.fifo.words[place, word]
        return implies(whole, m.fifo.words[place, other] & (m.fifo.value[place, other] == m.fifo.value[place, word]))

    @invariant(Contract.TRANSPORT, "I-LIVE")
    def of_two_records_on_the_wire_one_was_sent_first(
        self, m: W, place: Place, other: Place, word: Word, there: Word
    ) -> bool:
        """So that none waits for another that waits for it."""
        both = m.fifo.words[place, word] & m.fifo.words[other, there] & (place != other)
        return implies(both, m.fifo.earlier[place, other] != m.fifo.earlier[other, place])

    @invariant(Contract.TRANSPORT, "I-FINAL", "I-CLEAN")
    def the_wire_is_empty_but_for_rounds_and_stop_and_copy(self, m: W, place: Place, word: Word) -> bool:
        """Nothing of a migration is on its way before it, once it has committed, or once it was given up."""
        moving = (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED) | (m.phase == Phase.STOP_AND_COPY)
        return implies(m.fifo.words[place, word], moving)
