"""Wrong variants of ``late-buffer``, M02, M20 and M21, and a sound one.

The proof refutes ``what_the_cache_has_is_what_was_sent_last`` of transport where the cache is fed with what leaves
later, ``the_wire_is_empty_but_for_rounds_and_stop_and_copy`` where the end does not wait; and of rounds
``what_was_noted_is_still_marked`` where a mark goes when the page leaves.
"""

from refmodel.language import neg
from refmodel.state import Phase
from refmodel.transport.delta_cache import D, DeltaCache
from refmodel.transport.late_buffer import L, LateBuffer
from refmodel.variants.variant import Variant

__all__ = ["LATE_VARIANTS"]

_MACHINE = "bare+late-buffer"
_ONE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class ClearsWhenItLeaves(LateBuffer[L]):
    def wire_deliver(self, m: L, place: int, page: int, word: int) -> L:
        """What the page holds now has been sent, and so its mark goes; but its mappings stay writable."""
        after = super().wire_deliver(m, place, page, word)
        return after.but(log=after.log.but(dirty=after.log.dirty.discard(page)))


class CachesWhatIsReferredTo(DeltaCache[D]):
    def goes_by_reference(self, m: D, page: int) -> bool:
        """The cache keeps what a page held when it was queued; what leaves is the page."""
        return True


class WaitsForCopiesAlone(LateBuffer[L]):
    def is_settled(self, m: L) -> bool:
        """A reference takes no room in the queue, and counts as sent."""
        fifo = m.fifo
        copies = fifo.words.where(lambda k, w: m.references.places[k], False)
        return super().is_settled(m.but(fifo=fifo.but(words=copies)))


class CopiesUntilTheStop(LateBuffer[L]):
    def goes_by_reference(self, m: L, page: int) -> bool:
        """Under the running guest pages are copied (the kernel does so where it cannot pin them)."""
        return neg(m.phase == Phase.LIVE) & super().goes_by_reference(m, page)


LATE_VARIANTS = (
    Variant(
        "cleared-when-it-leaves",
        "M02",
        ClearsWhenItLeaves,
        "the mark of a page that is sent by reference is cleared when it leaves",
        ("c0bad49946",),
        machine=_MACHINE,
    ),
    Variant(
        "cache-of-what-leaves-later",
        "M20",
        CachesWhatIsReferredTo,
        "a page is cached as it was when it was queued, and sent as it is when it leaves",
        ("6d3cb1f970",),
        machine="bare+late-buffer+delta-cache",
    ),
    Variant(
        "references-not-waited-for",
        "M21",
        WaitsForCopiesAlone,
        "the guest is resumed while pages that were sent by reference have not been read",
        ("62c4943266", "ebfc578715"),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "copied-until-the-stop",
        "M21",
        CopiesUntilTheStop,
        "pages that could go by reference are copied under the running guest: only the last ones do",
        ("62c4943266",),
        machine=_MACHINE,
        growing=_ONE,
        sound=True,
    ),
)
