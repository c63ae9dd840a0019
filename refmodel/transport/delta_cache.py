"""A delta cache (QEMU's XBZRLE): the sender keeps what it sent of pages, and sends only what has changed since.

Each page has one line of the cache, which it may share with others. A page that is read is copied into its line, unless
there is no memory for that; it is that copy which is compared and sent, for the guest goes on storing. Of a page that
the line had before, words that are as they were are not sent at all: the target must hold what the line says, or will
once all has arrived that is on its way.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Contract, Line, Map, Pfn, Set, Sizes, State, Value, Word, implies, invariant, neg, pick
from refmodel.state import Machine, Phase, is_without_migration

__all__ = ["D", "DeltaCache", "SentPages", "WithCache"]


@frozen(slots=False)
class SentPages(State):
    """The cache."""

    line_of: Map[Pfn, Line]
    """Constant."""
    able: Set[Line]
    """Lines that there is memory for. Constant."""
    page: Map[Line, Pfn]
    """The page that a line has, if it has words of any."""
    words: Set[tuple[Line, Word]]
    """The words that it has of the page."""
    value: Map[tuple[Line, Word], Value]


@frozen(slots=False)
class WithCache(Machine):
    """The state of a machine with a delta cache."""

    cache: SentPages


D = TypeVar("D", bound=WithCache)


class DeltaCache(HandOverSteps[D]):
    """What was sent of a page last is what its next version is compared with."""

    def initial(self, anything: D) -> D:
        """The cache is empty."""
        return self.cache_emptied(super().initial(anything))

    def start(self, sizes: Sizes) -> D:
        """Pages take lines in turn; there is memory for all lines but the last, or for the only one."""
        m, lines = super().start(sizes), sizes["line"]
        line_of = m.cache.line_of.made(lambda page: page % lines)
        able = m.cache.able.only(lambda line: line < max(1, lines - 1))
        return m.but(cache=m.cache.but(line_of=line_of, able=able))

    def cache_emptied(self, m: D) -> D:
        """The cache without its pages."""
        return m.but(cache=m.cache.but(words=m.cache.words.cleared()))

    def nothing_kept(self, m: D) -> D:
        """Another migration finds another target."""
        return self.cache_emptied(super().nothing_kept(m))

    def sent(self, m: D, page: int, word: int) -> D:
        """Of a word that is what the line says nothing is sent; any other is recorded, and sent."""
        if self.is_unchanged(m, page, word):
            return self.copied(m, page, word)
        return super().sent(self.recorded(m, page, word), page, word)

    def is_unchanged(self, m: D, page: int, word: int) -> bool:
        """The page's line has the word, as it is now, and the target has not given the page back since."""
        cache, line = m.cache, m.cache.line_of[page]
        has = (cache.page[line] == page) & cache.words[line, word] & self.is_at_target(m, page)
        return has & (cache.value[line, word] == m.source.memory[page, word])

    def recorded(self, m: D, page: int, word: int) -> D:
        """The word is copied into the page's line, if there is memory for it; another page leaves it altogether."""
        cache, line = m.cache, m.cache.line_of[page]
        other = cache.words.where(lambda k, w: (k == line) & (cache.page[line] != page), False)
        taken = cache.but(
            page=cache.page.set(line, page),
            words=other.add((line, word)),
            value=cache.value.set((line, word), m.source.memory[page, word]),
        )
        return m.but(cache=taken) if cache.able[line] else m

    def goes_by_reference(self, m: D, page: int) -> bool:
        """A page with a line is sent from there: else the line would say something else than what left."""
        return super().goes_by_reference(m, page) & neg(m.cache.able[m.cache.line_of[page]])

    def handed_whole(self, m: D, page: int, value: int) -> D:
        """A page that is sent as one value is recorded like any other, else its line would be stale."""
        cache, line = m.cache, m.cache.line_of[page]
        after = super().handed_whole(m, page, value)
        if not cache.able[line]:
            return after
        return after.but(
            cache=cache.but(
                page=cache.page.set(line, page),
                words=cache.words.where(lambda k, w: k == line, True),
                value=cache.value.made(lambda k, w: pick(k == line, value, cache.value[k, w])),
            )
        )

    @invariant(Contract.TRANSPORT, "I-DELTA", goal=True)
    def what_the_cache_has_is_what_was_sent_last(self, m: D, line: Line, word: Word) -> bool:
        """And so what the target holds, or will: of a page whose line it is."""
        cache = m.cache
        page = cache.page[line]
        is_last = (cache.value[line, word] == m.ghost.copied[page, word]) & (cache.line_of[page] == line)
        return implies(cache.words[line, word], is_last)

    @invariant(Contract.TRANSPORT, "I-DELTA")
    def only_lines_with_memory_have_words(self, m: D, line: Line, word: Word) -> bool:
        """What could not be recorded is not compared with."""
        return implies(m.cache.words[line, word], m.cache.able[line])

    @invariant(Contract.TRANSPORT, "I-DELTA", "I-CLEAN")
    def only_a_migration_has_words_in_its_cache(self, m: D, line: Line, word: Word) -> bool:
        """From the first round on: it is about one target."""
        none = is_without_migration(m) | (m.phase == Phase.SETUP)
        return implies(none, neg(m.cache.words[line, word]))
