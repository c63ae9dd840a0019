"""Wrong variants of ``delta-cache``, M20, and a sound one.

The proof refutes ``what_the_cache_has_is_what_was_sent_last`` of transport where the cache is wrong; where something
else is sent than the cache has, ``the_newest_version_on_the_wire_is_what_was_read_last`` or
``what_has_arrived_is_what_was_read``.
"""

from typing import TypeVar

from refmodel.language import pick
from refmodel.transport.delta_cache import D, DeltaCache, WithCache
from refmodel.transport.fifo import FifoWire, WithFifo
from refmodel.variants.variant import Variant

__all__ = ["DELTA_VARIANTS"]

_MACHINE = "bare+delta-cache"
_SHARED_LINE = ({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "line": 1},)
_LINE_WITHOUT_MEMORY = ({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "line": 2},)


class WithBoth(WithFifo, WithCache):
    """The state of a machine with a delta cache and a queue behind it."""


B = TypeVar("B", bound=WithBoth)


class ForgetsZeroPages(DeltaCache[D]):
    def handed_whole(self, m: D, page: int, value: int) -> D:
        """A zero page is sent past the cache, which keeps what was sent before it."""
        return super().handed_whole(m, page, value).but(cache=m.cache)


class LendsTheCachesBuffer(FifoWire[B]):
    def brought(self, m: B, place: int, page: int, word: int) -> int:
        """What is queued is the line, and not a copy of it: what leaves is what the line has by then."""
        cache, line = m.cache, m.cache.line_of[page]
        return pick(cache.able[line], cache.value[line, word], super().brought(m, place, page, word))


class SendsWhatTheLineHas(DeltaCache[D]):
    def handed(self, m: D, page: int, word: int, value: int) -> D:
        """The line's copy is sent, though there may have been no memory for it."""
        return super().handed(m, page, word, m.cache.value[m.cache.line_of[page], word])


class ComparesWithItself(DeltaCache[D]):
    def sent(self, m: D, page: int, word: int) -> D:
        """A page is recorded first, and then compared: that there is nothing to send counts as sent."""
        return super().sent(self.recorded(m, page, word), page, word)


class SendsWhatIsUnchanged(DeltaCache[D]):
    def is_unchanged(self, m: D, page: int, word: int) -> bool:
        """Nothing is taken for unchanged: every word is sent."""
        return False


DELTA_VARIANTS = (
    Variant(
        "zero-page-not-cached",
        "M20",
        ForgetsZeroPages,
        "a page that became zero stays old in the cache, and the next delta is against that",
        ("6d3cb1f970",),
        machine="bare+zero-pages+delta-cache",
    ),
    Variant(
        "cache-buffer-lent",
        "M20",
        LendsTheCachesBuffer,
        "a cached page is sent from the cache's own buffer, which another page takes before it has left",
        ("6d3cb1f970",),
        machine=_MACHINE,
        growing=_SHARED_LINE,
        rounds=0,
    ),
    Variant(
        "uncached-page-sent-from-cache",
        "M20",
        SendsWhatTheLineHas,
        "a page that did not get into the cache is sent from there all the same",
        ("1534ee93cc",),
        machine=_MACHINE,
        growing=_LINE_WITHOUT_MEMORY,
        rounds=0,
    ),
    Variant(
        "delta-of-nothing",
        "M20",
        ComparesWithItself,
        "a delta of nothing counts as a page sent: the page is compared with what was just recorded of it",
        ("3fd3c4b37c",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "unchanged-words-sent",
        "M20",
        SendsWhatIsUnchanged,
        "words that have not changed are sent like any others",
        machine=_MACHINE,
        sound=True,
    ),
)
