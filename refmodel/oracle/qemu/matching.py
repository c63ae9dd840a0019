"""Traced pages against records, section by section: what is missing, what is too much, and whose trace it is.

Inside a section the order of different pages means nothing, so pages are matched, not positions. A record too many that
leaves the page as it was (a copy sent twice, zeros where zeros were) is harmless and no finding. A trace in which much
is missing and much is too much is another run's.
"""

from collections.abc import Callable, Iterable

from attrs import define, field

from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers.errors import WrongCompanion
from refmodel.oracle.readers.qemu_records import Page, PageKind
from refmodel.oracle.readers.qemu_wire import PAGE_SIZE, digest
from refmodel.oracle.verdict import LastRecord

__all__ = ["Matcher", "Seen", "Unmatched"]

ZEROS = digest(bytes(PAGE_SIZE))
_KEPT = 2000
_FEW = 4
_SHARE = 50


@define(eq=False)
class Seen:
    """A record, the content that its page had before it, and the traced time in microseconds, where there is one."""

    page: Page
    before: str | None
    number: int
    time: int | None = None
    equal: bool = False
    """It carries what the page's last run of stores left where it wrote."""

    @property
    def changes(self) -> bool:
        """Whether it leaves the page other than it was; zeros of a page never sent count as no change."""
        return self.page.digest != (ZEROS if self.before is None else self.before)


@define
class Unmatched:
    """What has no partner: the number of the record where it was seen, its page, and the record that is too much."""

    record: int
    page: tuple[str, int]
    last: LastRecord | None = None


@define
class Matcher:
    """Matches the records of `kinds`, or of all on the main channel."""

    name: str
    kinds: tuple[PageKind, ...]
    traced: int = 0
    records: int = 0
    missing: int = 0
    extra: int = 0
    _lost: list[Unmatched] = field(factory=list)
    _added: list[Unmatched] = field(factory=list)

    def section(self, seen: Iterable[Seen], traced: Iterable[tuple[str, int, int]]) -> None:
        """Match one section: its records, which get their times, and what was traced in it as (block, pfn, time)."""
        waiting: dict[tuple[str, int], list[int]] = {}
        for block, pfn, time in traced:
            self.traced += 1
            waiting.setdefault((block, pfn), []).append(time)
        groups: dict[tuple[str, int], list[Seen]] = {}
        number = 0
        for record in seen:
            number = record.number
            if record.page.kind in self.kinds:
                self.records += 1
                groups.setdefault((record.page.block, record.page.pfn), []).append(record)
        for page, records in groups.items():
            times = waiting.pop(page, [])
            self._group(page, records, times)
        for page, times in waiting.items():
            self._miss(page, len(times), number)

    def _group(self, page: tuple[str, int], records: list[Seen], times: list[int]) -> None:
        surplus = len(records) - len(times)
        if surplus < 0:
            self._miss(page, -surplus, records[-1].number)
        left = []
        for record in records:
            if surplus > 0 and not record.changes:
                surplus -= 1
            else:
                left.append(record)
        for record, time in zip(left, times, strict=False):
            record.time = time
        for record in left[len(times) :]:
            self.extra += 1
            if len(self._added) < _KEPT:
                last = LastRecord(record.page.offset, record.page.kind.value, record.page.digest, False)
                self._added.append(Unmatched(record.number, page, last))

    def _miss(self, page: tuple[str, int], times: int, number: int) -> None:
        self.missing += times
        if len(self._lost) < _KEPT:
            self._lost.append(Unmatched(number, page))

    def foreign(self) -> None:
        """Raise `WrongCompanion` where what was traced is not what is on the wire."""
        matched = self.traced - self.missing
        few = max(_FEW, max(self.traced, self.records) // _SHARE)
        if matched * 2 < max(self.traced, self.records) - few or min(self.missing, self.extra) > few:
            what = (
                f"of {self.traced} traced pages {self.missing} have no record here, and {self.extra} records no trace"
            )
            raise WrongCompanion(self.name, what, "the trace of this stream's own migration")

    def report(self, notes: Notes, lost: Callable[[Unmatched], None], added: Callable[[Unmatched], None]) -> None:
        """Tell of each that is missing, then of each that is too much, at its record."""
        here = notes.record
        for unmatched, tell in [(u, lost) for u in self._lost] + [(u, added) for u in self._added]:
            notes.record = unmatched.record
            tell(unmatched)
        notes.record = here
