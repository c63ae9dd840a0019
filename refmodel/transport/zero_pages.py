"""Zero pages: a page that holds nothing but zeros is sent as a record that says so.

The sender looks at the page word by word, under the running guest; what it finds may be torn, and then the page is
dirty again. It may send the page as it is after all. The target has to make the page zero, whether or not it ever had
data: its memory was not zero from the start (firmware, another BIOS: ``9ef051e553`` [C]). Only of a page that it knows
to have come from its kernel as zeros, and of which nothing has arrived yet, it can leave the memory alone
(QEMU's ``ram_block_recv_bitmap`` [D]).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Pfn,
    Set,
    Sizes,
    State,
    Value,
    Word,
    engine,
    implies,
    invariant,
    law,
    need,
    neg,
    pick,
)
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import Machine, Phase, Stage

__all__ = ["WithZeros", "Z", "ZeroPages", "Zeros"]


@frozen(slots=False)
class Zeros(State):
    """What either side knows of zeros."""

    zero: Value
    """The value that every word of a zero page holds. Constant."""
    found: Set[Word]
    """Words of the page in hand that the sender has found zero."""
    fresh: Set[Pfn]
    """Pages that the target got from its kernel as zeros, and gave to nobody before the migration. Constant."""
    received: Set[Pfn]
    """Pages that something has been written to since: what has arrived of them, as a rule."""


@frozen(slots=False)
class WithZeros(Machine):
    """The state of a machine that sends zero pages as such."""

    zeros: Zeros


Z = TypeVar("Z", bound=WithZeros)


class ZeroPages(PageTransfer[Z]):
    """Looking for zeros comes between a page's protection and its sending."""

    def initial(self, anything: Z) -> Z:
        """Nothing has been looked at, nothing received; what the target knows to be zero is so."""
        m = super().initial(anything)
        words, held, zero = m.transfer.read.filled(), m.target.memory, m.zeros.zero
        fresh = m.zeros.fresh.only(lambda p: m.zeros.fresh[p] & words.never(lambda w: held[p, w] != zero))
        received = m.zeros.received.cleared()
        return m.but(zeros=m.zeros.but(found=m.zeros.found.cleared(), fresh=fresh, received=received))

    def start(self, sizes: Sizes) -> Z:
        """The target's memory holds what somebody left there."""
        m = super().start(sizes)
        memory = m.target.memory.made(lambda page, word: min(1, sizes["value"] - 1))
        return m.but(target=m.target.but(memory=memory), ghost=m.ghost.but(copied=memory))

    def cleared(self, m: Z, page: int) -> Z:
        """Nothing of the page that is taken up has been looked at."""
        after = super().cleared(m, page)
        return after.but(zeros=after.zeros.but(found=after.zeros.found.cleared()))

    @engine
    def zero_scan(self, m: Z, word: Word) -> Z:
        """The sender finds a word zero. One that is not ends the search: the page is sent as it is."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.transfer.read.is_empty, "nothing of the page has been sent")
        need(neg(m.zeros.found[word]), "the word has not been looked at yet")
        need(m.source.memory[m.transfer.page, word] == m.zeros.zero, "the word is zero")
        return m.but(zeros=m.zeros.but(found=m.zeros.found.add(word)))

    @engine
    def zero_send(self, m: Z) -> Z:
        """The page is sent as a zero page, and done with."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.transfer.read.is_empty, "nothing of the page has been sent")
        need(self.is_zero_page(m), "every word of the page was found zero")
        after = self.sent_zero(m, m.transfer.page)
        return after.but(transfer=self.idle(m))

    def is_zero_page(self, m: Z) -> bool:
        """All of the page in hand was zero, each word when it was looked at."""
        return m.zeros.found.is_full

    def sent_zero(self, m: Z, page: int) -> Z:
        """The record is handed to the wire; what was read of each word is a zero."""
        copied, zero = m.ghost.copied, m.zeros.zero
        read = copied.made(lambda p, w: pick(p == page, zero, copied[p, w]))
        return self.handed_whole(m.but(ghost=m.ghost.but(copied=read)), page, zero)

    def delivered(self, m: Z, page: int, word: int, value: int) -> Z:
        """The target notes that it has something of the page."""
        return self.noted_received(super().delivered(m, page, word, value), page)

    def delivered_whole(self, m: Z, page: int, value: int) -> Z:
        """The target makes the page zero, unless it knows that it is."""
        passes = self.is_known_zero(m, page) & (value == m.zeros.zero)
        after = m if passes else super().delivered_whole(m, page, value)
        return self.noted_received(after, page)

    def noted_received(self, m: Z, page: int) -> Z:
        """Whatever comes next for the page, it is not the first."""
        return m.but(zeros=m.zeros.but(received=m.zeros.received.add(page)))

    def is_known_zero(self, m: Z, page: int) -> bool:
        """The target got the page as zeros, and nothing has been written to it."""
        return m.zeros.fresh[page] & neg(m.zeros.received[page])

    @invariant(Contract.LOGGING, "I-LOG")
    def a_word_that_was_found_zero_is_zero_or_its_page_was_noted(self, m: Z, word: Word) -> bool:
        """Looking at a word is reading it: what is stored after that is logged."""
        page = m.transfer.page
        found = (m.transfer.stage == Stage.READING) & m.zeros.found[word] & self.matters(m, page)
        noted = m.ghost.noted[page] | self.is_to_be_marked(m, page)
        return implies(found, (m.source.memory[page, word] == m.zeros.zero) | noted)

    @invariant(Contract.ROUNDS)
    def nothing_is_found_zero_before_the_page_is_protected(self, m: Z, word: Word) -> bool:
        """The list starts empty for each page; what is left of it between two pages means nothing."""
        return implies(m.zeros.found[word], (m.transfer.stage == Stage.READING) | (m.transfer.stage == Stage.IDLE))

    @invariant(Contract.TRANSPORT, "I-ZERO", goal=True)
    def a_fresh_page_that_nothing_was_received_of_is_zero(self, m: Z, page: Pfn, word: Word) -> bool:
        """So the target may pass over its first zero page; over that of no other."""
        untouched = (m.phase != Phase.AFTER) & m.zeros.fresh[page] & neg(m.zeros.received[page])
        return implies(untouched, m.target.memory[page, word] == m.zeros.zero)

    @law(Contract.TRANSPORT, "I-ZERO")
    def what_counts_as_read_was_read_or_found_zero(self, before: Z, after: Z, page: Pfn, word: Word) -> bool:
        """Nothing of a page is taken for zero that has not been looked at."""
        sending = (before.transfer.stage == Stage.READING) & self.is_migrating(after)
        new, zeros = after.ghost.copied[page, word], before.zeros
        read = new == before.source.memory[page, word]
        found = self.in_hand(before, page) & zeros.found[word] & (new == zeros.zero)
        return implies(sending & (new != before.ghost.copied[page, word]), read | found)
