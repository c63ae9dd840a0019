"""The passes of a stream against the bitmaps that asked for them.

Passes are not marked: a pass begins a new PAGE_DATA record, and goes upwards through the pfns. Pass 0 is every pfn,
pass i + 1 the set bits of CLEAN i (none where it is empty), the last FINAL or deferred: ``send_memory_live`` and
``suspend_and_send_dirty`` of ``tools/libs/guest/xg_sr_save.c``.
"""

from collections.abc import Container, Iterable, Iterator
from itertools import islice

from attrs import frozen

from refmodel.oracle.verdict import Finding
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.bitmaps import Bitmap
from refmodel.oracle.xen.harvests import Harvests
from refmodel.oracle.xen.records import Page
from refmodel.oracle.xen.results import Result, checked, finding

__all__ = ["Passes"]

_MOST = 100
"""Findings of one kind for one pass; of pages that do not ascend, for the stream."""

FIRST, LATER, LAST = (
    "the-first-pass-is-every-page",
    "each-later-pass-is-its-clean-bitmap",
    "the-last-pass-is-the-final-clean-or-deferred",
)


@frozen
class _Asked:
    """What a pass must be: the pfns, and who asked for them."""

    rule: str
    pfns: range | frozenset[int]
    by: str
    top: int
    """The greatest of them."""
    clean: int | None = None
    """The number of the CLEAN that asked."""


class Passes:
    """Takes pages in stream order; `harvests` is None where the bitmaps were not recorded."""

    def __init__(self, last_pfn: int, harvests: Harvests | None) -> None:
        self.results: list[Result] = []
        self.sizes: list[int] = []
        self.first: int | None = None
        """Where the first page of all lies, in bytes."""
        self.starts: list[tuple[int, int]] = []
        """Where the first page of a later pass lies, in bytes, and which CLEAN asked for the pass."""
        self.deferred: set[int] = set()
        """Pages that a pass before the last one named without data."""
        self.absent: set[int] = set()
        """Pages that the current pass names without data."""
        self.pfns: set[int] = set()
        """The pages of the current pass."""
        self.last_pfn = last_pfn
        self._everything = range(last_pfn + 1)
        self._at = -1
        self._back = 0
        self._batch = 0
        self._short = False
        bitmaps = harvests.bitmaps if harvests else None
        self._known = bitmaps is not None
        self._cleans = len(bitmaps or ())
        self._final = bitmaps[-1] if harvests and bitmaps and harvests.ends else None
        self._later = _asked_by(bitmaps[:-1] if self._final is not None else bitmaps) if bitmaps else iter(())
        self._asked: _Asked | None = _Asked(FIRST, self._everything, "a first pass", last_pfn)

    def take(self, page: Page) -> bool:
        """Take a page; True when it opens a new pass."""
        opens = False
        if self.first is None:
            self.first = page.offset
        if page.opens_batch:
            opens = self._opens_pass(page.pfn)
            if opens and self.pfns:
                self._close(ended=False)
            self._batch = 0
            if opens and self._asked is not None and self._asked.clean is not None:
                self.starts.append((page.offset, self._asked.clean))
        elif page.pfn <= self._at:
            self._back += 1
            if self._back <= _MOST:
                message = f"pass {len(self.sizes)} goes back from pfn {self._at} to pfn {page.pfn}"
                self.results.append(finding("the-pages-of-a-pass-ascend", message, page.pfn))
        self._batch += 1
        self._short = self._batch < wire.MAX_BATCH
        self._at = page.pfn
        self.pfns.add(page.pfn)
        if page.data is None:
            self.absent.add(page.pfn)
        return opens

    def _opens_pass(self, pfn: int) -> bool:
        if not self.pfns or pfn <= self._at:
            return True
        return self._short if self._asked is None else self._asked.top <= self._at

    def _close(self, ended: bool) -> None:
        """The pass ends; the stream's pages with it when `ended`."""
        number = len(self.sizes)
        self.sizes.append(len(self.pfns))
        self.results.append(checked("the-pages-of-a-pass-ascend", len(self.pfns)))
        if self._asked is not None:
            self.results.append(checked(self._asked.rule, 1))
            self.results += _differences(number, self._asked, self.pfns)
        elif self._known:
            message = f"pass {number} of {len(self.pfns)} pages is one that no CLEAN asked for"
            self.results.append(finding(LATER, message))
        if ended:
            return
        self.deferred |= self.absent
        self.pfns, self.absent, self._at = set(), set(), -1
        self._asked = self._next()

    def _next(self) -> _Asked | None:
        asked = next(self._later, None)
        if asked is None and self._final is not None:
            pfns = frozenset(self._final) | self.deferred
            self._final = None
            if pfns:
                return _Asked(LAST, pfns, "the FINAL CLEAN, or its being deferred,", max(pfns), self._cleans - 1)
        return asked

    def finish(self) -> None:
        """The stream's pages have ended: what was asked for and did not come is a finding."""
        if not self.pfns:
            return
        # A last pass that nothing asked for: the pass at hand was live.
        live = self._asked is not None and self._asked.rule != LAST and self._known
        self._close(ended=not live)
        if live:
            while asked := self._asked:
                number = len(self.sizes)
                self.results += [finding(asked.rule, f"pass {number}, which {asked.by} asks for, is missing")]
                self.sizes.append(0)
                self._asked = self._next()

    @property
    def ended_live(self) -> bool:
        """Whether the last pass came before the suspension: then nothing was left to send after it."""
        return self._known and not self.pfns


def _asked_by(bitmaps: tuple[Bitmap, ...]) -> Iterator[_Asked]:
    for number, bitmap in enumerate(bitmaps):
        if len(bitmap):
            pfns = frozenset(bitmap)
            yield _Asked(LATER, pfns, f"CLEAN {number}", max(pfns), number)


def _differences(number: int, asked: _Asked, found: Iterable[int]) -> Iterator[Finding]:
    have: Container[int] = found if isinstance(found, set) else set(found)
    missing = (pfn for pfn in asked.pfns if pfn not in have)
    for pfn in islice(missing, _MOST):
        yield finding(asked.rule, f"pass {number} lacks a page that {asked.by} names", pfn)
    extra = (pfn for pfn in found if pfn not in asked.pfns)
    for pfn in islice(extra, _MOST):
        yield finding(asked.rule, f"pass {number} has a page that {asked.by} does not name", pfn)
