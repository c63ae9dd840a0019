"""Rules over the records alone: post-copy, and copies of a page that are in flight on two channels at once.

At the switch to post-copy QEMU discards at the target every page that it still has to send (QEMU 7.2 migration/ram.c,
ram_postcopy_send_discard_bitmap): what was discarded is sent once, and nothing else, as the target runs and may have
changed what it kept.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice

from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind, Discard
from refmodel.oracle.readers.qemu_records import EndOfSection, MultifdFlush, Page, PageKind, Record
from refmodel.oracle.verdict import LastRecord

__all__ = ["Wire", "postcopy"]

_SENT, _KEPT, _EQUAL = (
    "discarded-pages-are-sent-once",
    "only-discarded-pages-are-sent-after-the-switch",
    "copies-in-flight-are-equal",
)
_MOST = 2000


class Wire:
    """Takes the records in order."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._discarded: dict[str, list[tuple[int, ...]]] = {}
        self._after: dict[tuple[str, int], int] = {}
        """Pages sent after the switch, with how often."""
        self._flying: dict[tuple[str, int], tuple[int | None, str]] = {}
        self.switched = False

    def take(self, record: Record) -> None:
        """Judge a record."""
        match record:
            case Discard():
                self._discarded.setdefault(record.block, []).extend(record.ranges)
            case Command(kind=CommandKind.POSTCOPY_RUN):
                self.switched = True
                self._discarded = {block: _joined(ranges) for block, ranges in self._discarded.items()}
            case Page():
                if self.switched:
                    self._page_after(record)
                self._in_flight(record)
            case EndOfSection() | MultifdFlush():
                self._flying.clear()

    def _page_after(self, page: Page) -> None:
        self._notes.check(_KEPT)
        place = (page.block, page.pfn)
        last = LastRecord(page.offset, page.kind.value, page.digest, True)
        ranges = self._discarded.get(page.block, [])
        at = bisect_left(ranges, (page.pfn + 1,))
        if not at or page.pfn >= sum(ranges[at - 1]):
            self._notes.find(_KEPT, "sent while the target runs, which had kept the page", place, last)
            return
        times = self._after[place] = self._after.get(place, 0) + 1
        if times == 2:
            self._notes.find(_SENT, "sent again after the switch: the target may have changed it since", place, last)

    def _in_flight(self, page: Page) -> None:
        if page.kind is PageKind.MULTIFD:
            self._notes.check(_EQUAL)
        place = (page.block, page.pfn)
        other = self._flying.get(place)
        if other and other[0] != page.channel and other[1] != page.digest:
            last = LastRecord(page.offset, page.kind.value, page.digest, False)
            message = "sent twice with different contents and no sync between: which copy is last is not defined"
            self._notes.find(_EQUAL, message, place, last)
        self._flying[place] = (page.channel, page.digest)

    def finish(self, whole: bool) -> None:
        """The records ended; `whole`: with the stream's end marker."""
        if not self.switched:
            return
        if not whole:
            self._notes.cannot(_SENT, "the stream is not whole")
            return
        for ranges in self._discarded.values():
            self._notes.check(_SENT, sum(pages for _, pages in ranges))
        for page in islice(self._missing(), _MOST):
            self._notes.find(_SENT, "discarded at the switch and never sent after it", page)

    def _missing(self) -> Iterator[tuple[str, int]]:
        """The pages that were not sent: they can be far more than what was."""
        for block, ranges in self._discarded.items():
            for first, pages in ranges:
                for pfn in range(first, first + pages):
                    if (block, pfn) not in self._after:
                        yield block, pfn


def _joined(ranges: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The ranges in order, without overlap."""
    joined: list[tuple[int, ...]] = []
    for first, pages in sorted(ranges):
        if joined and first <= sum(joined[-1]):
            start = joined[-1][0]
            joined[-1] = (start, max(sum(joined[-1]), first + pages) - start)
        else:
            joined.append((first, pages))
    return joined


def postcopy(records: Iterable[Record], notes: Notes, whole: bool = True) -> None:
    """Judge the switch to post-copy in `records`; findings go to `notes`."""
    wire = Wire(notes)
    for number, record in enumerate(records, 1):
        notes.record = number
        wire.take(record)
    wire.finish(whole)
