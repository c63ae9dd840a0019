"""Wrong variants of ``hypervisor-writes``: M05, M12, M13, M14; and a sound one.

All but ``pause-half-done`` let a page be written and not marked (I-LOG): the proof refutes
``what_the_hypervisor_lets_go_of_is_marked`` or ``what_differs_from_its_last_copy_was_noted`` of logging.
"""

from refmodel.language import Pfn, Set
from refmodel.logging.hypervisor_writes import H, HypervisorWrites
from refmodel.variants.variant import Variant

__all__ = ["HYPERVISOR_VARIANTS"]

_MACHINE = "bare+hypervisor-writes"
_TWO_PAGES = ({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class WritesUnmarked(HypervisorWrites[H]):
    def write_marked(self, m: H, page: int) -> H:
        """The site does not mark what it wrote."""
        return m


class AddsUnmarked(HypervisorWrites[H]):
    def added_marked(self, m: H, page: int) -> H:
        """What comes into the P2M counts as clean."""
        return m


class MarksTheFrame(HypervisorWrites[H]):
    def write_marked(self, m: H, page: int) -> H:
        """The machine frame's number is taken for the page's."""
        return self.marked(m, m.hypervisor.frame[page])


class MarksTheFirstPage(HypervisorWrites[H]):
    def range_written(self, m: H, page: int) -> Set[Pfn]:
        """Of a range over two pages the first is marked alone."""
        return m.hypervisor.written.add(page)


class MarksNoLength(HypervisorWrites[H]):
    def range_written(self, m: H, page: int) -> Set[Pfn]:
        """The list of buffers is gone when its length is read: it reads 0, and nothing of the range is marked."""
        return m.hypervisor.written


class PausesHalfDone(HypervisorWrites[H]):
    def is_quiet(self, m: H) -> bool:
        """The last harvest does not wait for what the hypervisor had under way at the pause."""
        return super().is_quiet(m.but(hypervisor=m.hypervisor.but(written=m.hypervisor.written.cleared())))


class MarksTheNextToo(HypervisorWrites[H]):
    def hypervisor_mark(self, m: H, pfn: int) -> H:
        """Marks are rounded up to a larger granule: the page that follows is marked as well."""
        after = super().hypervisor_mark(m, pfn)
        return self.marked(after, m.hypervisor.following[pfn]) if self.is_migrating(m) else after


HYPERVISOR_VARIANTS = (
    Variant(
        "hypervisor-unmarked",
        "M14",
        WritesUnmarked,
        "the hypervisor writes a page of the guest, and never marks it",
        ("9990621f33", "12a195fa34"),
        machine=_MACHINE,
    ),
    Variant(
        "physmap-add-unmarked",
        "M14",
        AddsUnmarked,
        "another frame comes in behind a page, and the page is not marked",
        ("70f6911300", "98fccdf0ac", "f56daba7cf"),
        machine=_MACHINE,
    ),
    Variant(
        "mfn-marked",
        "M12",
        MarksTheFrame,
        "the hypervisor marks the machine frame's number in a log of guest pages",
        ("9bdd419d64",),
        machine=_MACHINE,
        growing=_TWO_PAGES,
    ),
    Variant(
        "range-first-page",
        "M13",
        MarksTheFirstPage,
        "of a write over two pages only the first is marked",
        ("6886867e98", "3bf9be40ff76"),
        machine=_MACHINE,
        growing=_TWO_PAGES,
    ),
    Variant(
        "range-length-zero",
        "M13",
        MarksNoLength,
        "the length of what was written reads 0, and nothing is marked",
        ("2a6cdd6d35",),
        machine=_MACHINE,
    ),
    Variant(
        "pause-half-done",
        "M05",
        PausesHalfDone,
        "the last harvest comes while the hypervisor still has an access of the guest's half done",
        ("507912385a",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "granule-rounded-up",
        "-",
        MarksTheNextToo,
        "more is marked than was written: the log's granule is larger than a page",
        ("5af3e9d06d83",),
        machine=_MACHINE,
        sound=True,
    ),
)
