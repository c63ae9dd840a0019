"""Wrong variants of ``zero-pages``, M19, and a sound one.

The proof refutes ``what_has_arrived_is_what_was_read`` of transport; for ``zero-test-too-short`` and
``failed-read-taken-for-zeros`` ``what_counts_as_read_was_read_or_found_zero``, and the export of logging with it.
"""

from refmodel.language import neg
from refmodel.transport.zero_pages import Z, ZeroPages
from refmodel.variants.variant import Variant

__all__ = ["ZERO_PAGE_VARIANTS"]

_MACHINE = "bare+zero-pages"


class SendsNoZeroPage(ZeroPages[Z]):
    def handed_whole(self, m: Z, page: int, value: int) -> Z:
        """A page of zeros is left out: the target's memory is taken to be zero."""
        return m


class PassesOverTheFirst(ZeroPages[Z]):
    def is_known_zero(self, m: Z, page: int) -> bool:
        """Of whatever page nothing has arrived yet, the target takes it to be zero."""
        return neg(m.zeros.received[page])


class KeepsTheData(ZeroPages[Z]):
    def delivered_whole(self, m: Z, page: int, value: int) -> Z:
        """A page that has had data keeps them: only what nothing was written to is made zero."""
        return m if m.zeros.received[page] else super().delivered_whole(m, page, value)


class LooksAtPartOfThePage(ZeroPages[Z]):
    def is_zero_page(self, m: Z) -> bool:
        """The test covers less than the page."""
        return neg(m.zeros.found.is_empty)


class TakesNothingForZeros(ZeroPages[Z]):
    def is_zero_page(self, m: Z) -> bool:
        """A read that failed leaves a buffer of zeros behind, and the page is taken for one."""
        return m.zeros.found.is_empty | super().is_zero_page(m)


class AlwaysWritesZeros(ZeroPages[Z]):
    def is_known_zero(self, m: Z, page: int) -> bool:
        """The target takes nothing for granted, and writes every zero page."""
        return False


ZERO_PAGE_VARIANTS = (
    Variant(
        "zero-page-not-sent",
        "M19",
        SendsNoZeroPage,
        "pages of zeros are left out, as if the target's memory were zero",
        ("f1c72795af", "9ef051e553", "qemu-ppc report", "0019a68ce5"),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "first-zero-page-passed-over",
        "M19",
        PassesOverTheFirst,
        "the target passes over the first zero page that it sees of a page, whatever was there",
        ("5ef7e26bdb", "249543d0c0"),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "zeroed-page-keeps-data",
        "M19",
        KeepsTheData,
        "a page that had data and turns to zero keeps its data",
        ("8fa1a21c6e",),
        machine=_MACHINE,
    ),
    Variant(
        "zero-test-too-short",
        "M19",
        LooksAtPartOfThePage,
        "the test for zero looks at a part of the page",
        ("a3b6ff6d0a",),
        machine=_MACHINE,
        growing=({"pfn": 1, "vpn": 1, "cpu": 1, "word": 2, "value": 2},),
        rounds=0,
    ),
    Variant(
        "failed-read-taken-for-zeros",
        "M19",
        TakesNothingForZeros,
        "the buffer of a read that failed is all zeros, and goes as a zero page",
        ("f5816b5c86",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "every-zero-page-written",
        "M19",
        AlwaysWritesZeros,
        "the target writes zeros over pages that it knows to be zero",
        ("249543d0c0",),
        machine=_MACHINE,
        sound=True,
    ),
)
