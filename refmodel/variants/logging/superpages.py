"""Wrong variants of the part ``superpages``: M10, M11, M25; and two that are sound.

``regions-left-split`` breaks a claim of hand-over.
"""

from refmodel.language import neg
from refmodel.logging.superpages import LargeMappings
from refmodel.logging.superpages_logged import SuperpagesLogged
from refmodel.logging.superpages_state import S
from refmodel.variants.variant import Variant

__all__ = ["SUPERPAGE_VARIANTS"]

_MACHINE = "bare+second-stage+superpages"


def _sizes(pages: int, regions: int) -> dict[str, int]:
    return {"pfn": pages, "vpn": pages, "cpu": 1, "word": 1, "value": 2, "region": regions}


_ONE_REGION = (_sizes(2, 1),)
"""Two pages in one region, and one vCPU: what may be stored through a large mapping is what breaks."""
_TWO_REGIONS = (_sizes(2, 2),)
"""So that there is a last region, and another."""
_ONE_PAGE = (_sizes(1, 1),)
"""The guest notices nothing, so that the search goes on to its end: a region of one page can be held twice as well."""


class LooksAtSmallMappingsOnly(SuperpagesLogged[S]):
    def nothing_to_revoke(self, m: S) -> bool:
        """ENABLE is done when no small mapping is writable: a large one stays, and so does what is written by it."""
        return super(SuperpagesLogged, self).nothing_to_revoke(m)


class StopsOneRegionShort(SuperpagesLogged[S]):
    def nothing_to_revoke(self, m: S) -> bool:
        """The loop over the regions ends before the last one."""
        return super(SuperpagesLogged, self).nothing_to_revoke(m) & (m.superpages.writable.size <= 1)


class MarksOnePageOfTheRegion(SuperpagesLogged[S]):
    def large_fault(self, m: S, cpu: int, vpn: int) -> S:
        """One mark for the large entry, which is made writable as a whole."""
        after = super().large_fault(m, cpu, vpn)
        large, region = m.superpages, m.superpages.region_of[vpn]
        marked = self.marked(after, large.frame[vpn])
        rights = large.writable.put(region, large.mapped[region])
        return marked.but(superpages=after.superpages.but(mapped=large.mapped, writable=rights))


class MergesOverLiveTlbs(LargeMappings[S]):
    def no_small_entry_held(self, m: S, region: int) -> bool:
        """The large entry is made while TLBs have entries of the small ones."""
        return True


class MergesWhileLogging(LargeMappings[S]):
    def may_be_large(self, m: S) -> bool:
        """Regions are merged as soon as they can be, whether or not their pages are being logged."""
        return True


class LeavesRegionsSplit(SuperpagesLogged[S]):
    def switched_off(self, m: S) -> S:
        """Rights come back, and small entries stay: nobody merges them, or ever will."""
        return super(SuperpagesLogged, self).switched_off(m)


class DropsEverySmallEntry(SuperpagesLogged[S]):
    def switched_off(self, m: S) -> S:
        """Small entries go from every region, whether or not it could be mapped large."""
        return self.merged(super().switched_off(m), lambda region: True)


class MarksTheWholeRegion(SuperpagesLogged[S]):
    def large_fault(self, m: S, cpu: int, vpn: int) -> S:
        """A write to a large entry marks every page of its region."""
        after = super().large_fault(m, cpu, vpn)
        large, region = m.superpages, m.superpages.region_of[vpn]

        def lies_in_it(page: int) -> bool:
            pages = large.frame
            return neg(
                m.source.table.present.filled().never(lambda v: (large.region_of[v] == region) & (pages[v] == page))
            )

        return after.but(
            log=after.log.but(dirty=after.log.dirty.where(lies_in_it, True)),
            ghost=after.ghost.but(noted=after.ghost.noted.where(lies_in_it, True)),
        )


SUPERPAGE_VARIANTS = (
    Variant(
        "large-kept-writable",
        "M10",
        LooksAtSmallMappingsOnly,
        "logging begins, and a large mapping is left as it is",
        ("404381c5839d",),
        machine=_MACHINE,
        growing=_ONE_REGION,
    ),
    Variant(
        "split-one-short",
        "M11",
        StopsOneRegionShort,
        "the loop that splits large mappings for the log ends one too early",
        ("7f26fea9bc08",),
        machine=_MACHINE,
        growing=_TWO_REGIONS,
    ),
    Variant(
        "large-marks-one-page",
        "M11",
        MarksOnePageOfTheRegion,
        "a write to a large mapping marks one page, and every page of the region may be written",
        ("687414bebe30",),
        machine=_MACHINE,
        growing=_ONE_REGION,
    ),
    Variant(
        "merge-without-flush",
        "M11",
        MergesOverLiveTlbs,
        "a region is mapped large again while TLBs hold its small entries",
        ("3c3736cd32bf",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        unnoticed="both entries lead to the same page; that a TLB with both may fault is the hardware's affair, and no "
        "recorder sees into a TLB",
    ),
    Variant(
        "merged-while-logging",
        "M11",
        MergesWhileLogging,
        "a region is mapped large again while its pages are being logged",
        ("319109a2d0dd",),
        machine=_MACHINE,
        growing=_ONE_REGION,
    ),
    Variant(
        "regions-left-split",
        "M25",
        LeavesRegionsSplit,
        "after an abort what was split for the log stays mapped small",
        ("6f6a5ef3e4", "3ea3b7fa9af0"),
        machine=_MACHINE,
        growing=_ONE_REGION,
        unnoticed="it costs time, as small mappings do, and nothing else",
    ),
    Variant(
        "small-entries-dropped",
        "-",
        DropsEverySmallEntry,
        "when logging ends every small entry goes, also where nothing can be mapped large",
        machine=_MACHINE,
        growing=_ONE_REGION,
        sound=True,
    ),
    Variant(
        "whole-region-dirty",
        "M11",
        MarksTheWholeRegion,
        "a write to a large mapping marks every page of its region",
        ("5af3e9d06d83", "2e4d88009f57"),
        machine=_MACHINE,
        growing=_ONE_REGION,
        sound=True,
    ),
)
