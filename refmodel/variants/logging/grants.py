"""Wrong variants of ``grants``: M03, M05; and a sound one.

The proof refutes ``a_page_that_is_mapped_no_longer_is_marked`` of logging where the unmap does not mark, and the claims
of hand-over on mapped pages where the last harvest comes too early.
"""

from refmodel.logging.grants import G, Grants
from refmodel.variants.variant import Variant

__all__ = ["GRANT_VARIANTS"]

_MACHINE = "bare+grants"


class MarksAtMap(Grants[G]):
    def mapping_marked(self, m: G, page: int, *, ends: bool) -> G:
        """The page is marked when it is mapped, and not when the mapping ends."""
        return super().mapping_marked(m, page, ends=not ends)


class ForgetsWhatStaysMapped(Grants[G]):
    def is_quiet(self, m: G) -> bool:
        """The last harvest takes only what was unmapped before it; what stays mapped is not marked again."""
        return super().is_quiet(m.but(granted=m.granted.but(marked_last=m.granted.mapped)))


class BackendsRunOn(Grants[G]):
    def pause(self, m: G) -> G:
        """A backend goes on writing when the guest stands still."""
        return super().pause(m).but(granted=m.granted)


class MarksAtMapToo(Grants[G]):
    def mapping_marked(self, m: G, page: int, *, ends: bool) -> G:
        """The page is marked when it is mapped as well as when the mapping ends."""
        return super().mapping_marked(m, page, ends=True)


GRANT_VARIANTS = (
    Variant(
        "marks-at-map",
        "M03",
        MarksAtMap,
        "a page that is mapped from outside is marked at the map, before it is written",
        ("5c23c760a8",),
        machine=_MACHINE,
    ),
    Variant(
        "kept-map-unmarked",
        "M03",
        ForgetsWhatStaysMapped,
        "a page that is still mapped at the last harvest is not marked for it",
        ("5c23c760a8", "e026e54f25", "5ab33d36c8", "grant_table.c"),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "backends-run-on",
        "M05",
        BackendsRunOn,
        "a backend writes through its mapping after the last harvest",
        ("#253",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "marks-at-map-too",
        "-",
        MarksAtMapToo,
        "a page is marked at the map and at the unmap",
        machine=_MACHINE,
        sound=True,
    ),
)
