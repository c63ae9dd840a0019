"""The store log beside stream and trace: what was stored last was sent after that, and nothing after the stop."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from attrs import define

from refmodel.oracle.qemu.counts import Counts
from refmodel.oracle.qemu.facts import Facts
from refmodel.oracle.qemu.matching import Seen
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import WrongCompanion
from refmodel.oracle.readers.qemu_records import BlockList, Page
from refmodel.oracle.readers.qemu_stores import Stores, read_stores
from refmodel.oracle.verdict import LastRecord

__all__ = ["SLACK", "Last", "StoreLog"]

SLACK = 1000
"""Microseconds by which the clocks of trace and store log, and the log's own delay, may differ."""

_LATE, _STOP = "the-last-record-is-not-older-than-the-last-store", "no-store-after-the-stop"
_APART = 100_000
_MAIN = "pc.ram"
"""The block whose offsets are the physical addresses that the log has."""


@define
class Last:
    """A page's last record: at `time` microseconds at the latest, exactly then if `traced`."""

    record: LastRecord
    number: int
    time: int
    traced: bool
    equal: bool
    """It carries, where the page's last run of stores wrote, what that run left."""


@define
class _Late:
    runs: int
    last: Stores


class StoreLog:
    """Reads a store log twice: once before the stream, for each page's last run, and once after it.

    `opened` opens the log; `facts` are of the source's trace.
    """

    def __init__(self, opened: Callable[[], AbstractContextManager[ByteSource]], facts: Facts, notes: Notes) -> None:
        self._opened = opened
        self._facts = facts
        self._notes = notes
        self._counts = Counts(facts, notes, SLACK)
        self._final: dict[int, tuple[int, bytes]] = {}
        self.block = ""
        self.last: dict[tuple[str, int], Last] = {}

    def _rows(self) -> Iterator[Stores]:
        with self._opened() as source:
            yield from read_stores(source)

    def begin(self, blocks: BlockList) -> None:
        """The stream's blocks are known. Raises `WrongCompanion` where the log is of another machine or run."""
        pages = {block.name: block.length // 4096 for block in blocks.blocks}
        self.block = _MAIN if _MAIN in pages else blocks.blocks[0].name
        facts = self._facts
        name = ""
        with self._opened() as source:
            name = source.name
        for row in self._rows():
            if row.pfn >= pages[self.block]:
                what = f"line {row.line}: page {row.pfn}, in {self.block} of {pages[self.block]} pages"
                raise WrongCompanion(name, what, "the stores of this stream's machine")
            setup = facts.setup or 0
            if not row.during and row.last // 1000 > setup + _APART:
                after = row.last / 1e9 - setup / 1e6
                what = f"line {row.line}: a store before the migration, {after:.3f} s after it began"
                raise WrongCompanion(name, what, f"the clock and the run of {facts.name}")
            if row.during and not setup - _APART <= row.first // 1000 <= facts.last + _APART:
                after = row.first / 1e9 - setup / 1e6
                what = f"line {row.line}: a store during the migration, {after:.3f} s after it began"
                times = f"times from {setup / 1e6:.3f} to {facts.last / 1e6:.3f} s, those of {facts.name}"
                raise WrongCompanion(name, what, times)
            there = row.bytes_there()
            if there is None:
                self._final.pop(row.pfn, None)
            else:
                self._final[row.pfn] = (row.at, there)

    def equal(self, page: Page) -> bool:
        """Whether the record carries what the page's last run of stores left, where that is known."""
        final = self._final.get(page.pfn)
        if final is None or page.block != self.block or page.data is None:
            return False
        at, there = final
        return page.data[at : at + len(there)] == there

    def sent(self, seen: Seen, time: int, traced: bool, standing: bool) -> None:
        """A record was written at `time` at the latest; `standing`: after the stop."""
        page = seen.page
        record = LastRecord(page.offset, page.kind.value, page.digest, standing)
        self.last[page.block, page.pfn] = Last(record, seen.number, time, traced, seen.equal)
        if page.block == self.block:
            self._counts.sent(page.pfn, time)

    def unchanged(self, block: str, pfn: int, time: int) -> None:
        """The source found at `time` that the page still had the bytes of its last record."""
        if last := self.last.get((block, pfn)):
            last.time = max(last.time, time)

    def finish(self, whole: bool, source: Mapping[tuple[str, int], str]) -> None:
        """The stream ended; `source` has digests of the source's memory at the stop, where known."""
        facts, notes = self._facts, self._notes
        handed_over = facts.state == "completed"
        late: dict[int, _Late] = {}
        stopped: set[int] = set()
        stop = facts.stop if handed_over else None
        for row in self._rows():
            if not row.during:
                continue
            self._counts.stored(row)
            if stop is not None:
                notes.check(_STOP)
                if row.last // 1000 > stop + SLACK and row.pfn not in stopped:
                    stopped.add(row.pfn)
                    after = row.last / 1e6 - stop / 1e3
                    notes.find(_STOP, f"a store {after:.3f} ms after the vCPUs stopped", (self.block, row.pfn))
            last = self.last.get((self.block, row.pfn))
            if last is not None and row.last // 1000 > last.time + SLACK:
                before = late.get(row.pfn)
                late[row.pfn] = _Late(before.runs + 1 if before else 1, row)
        self._counts.finish()
        if handed_over and facts.stop is None:
            notes.cannot(_STOP, "no vm_state_notify is traced")
        if not handed_over:
            why = f"the migration ended {facts.state}: the guest runs on at the source"
            notes.cannot(_STOP, why)
            notes.cannot(_LATE, why)
            return
        if not whole:
            notes.cannot(_LATE, "the stream is not whole")
            return
        if not facts.sends and not facts.packets:
            notes.cannot(_LATE, "no ram_save_page is traced, so no record has a time")
            return
        notes.check(_LATE, sum(1 for block, _ in self.last if block == self.block))
        for pfn, found in sorted(late.items()):
            self._tell(pfn, found, source)

    def _tell(self, pfn: int, late: _Late, source: Mapping[tuple[str, int], str]) -> None:
        page = (self.block, pfn)
        last = self.last[page]
        alone = late.runs == 1 and late.last.count == 1 and late.last.first // 1000 > last.time
        if source.get(page) == last.record.digest or (alone and last.equal):
            return
        message = "stored after its last record was sent, with bytes that are not known to be the same"
        if not last.traced:
            message = (
                "stored after the latest time at which its last record can have been sent, with bytes not known equal"
            )
        here, self._notes.record = self._notes.record, last.number
        self._notes.find(_LATE, message, page, last.record)
        self._notes.record = here
