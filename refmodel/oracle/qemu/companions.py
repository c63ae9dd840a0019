"""What lies beside a QEMU stream - traces of both sides, a log of stores - held against its records.

    beside = Companions(folder)
    for event in events_of(beside.watch(read_stream(source, channels, keep_bytes=True)), memory):
        ...
    report = beside.report()

``watch`` passes the records through and takes note of them; ``report`` raises `WrongCompanion` (an `Unusable`) for a
file of another run, and else has findings, what was checked and not, and the migration's last state. The folder may
hold ``src.trace``, ``dst.trace`` and ``writes.csv``, plain or ``.zst``, ``.xz``, ``.gz``. With ``keep_bytes`` a late
store that left the same bytes can be told from one that did not. Memory goes with the pages, the syncs and one RAM
section.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from attrs import evolve, frozen

from refmodel.oracle.qemu.facts import Facts, read_facts
from refmodel.oracle.qemu.matching import Seen
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.qemu.source_trace import SourceTrace
from refmodel.oracle.qemu.stores import StoreLog
from refmodel.oracle.qemu.taken_up import TakenUp
from refmodel.oracle.qemu.target_trace import TargetTrace
from refmodel.oracle.qemu.wire import Wire
from refmodel.oracle.readers import qemu_trace
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.errors import BrokenStream, WrongCompanion
from refmodel.oracle.readers.qemu_records import BlockList, Device, EndOfFile, EndOfSection, Page, Record, SectionKind
from refmodel.oracle.verdict import Checked, Finding, Unchecked

__all__ = ["Companions", "Report", "companions"]

_TRACED = (
    "a-traced-send-is-on-the-wire",
    "a-record-was-sent",
    "packets-are-as-traced",
    "sections-are-as-traced",
    "the-log-is-cleared-before-a-send",
)
_STORED = (
    "counted-dirty-pages-are-possible",
    "the-last-record-is-not-older-than-the-last-store",
    "no-store-after-the-stop",
)


@frozen
class Report:
    """What the companions come to; `state` is the migration's last state in the source's trace, None without one."""

    findings: tuple[Finding, ...]
    checked: tuple[Checked, ...]
    unchecked: tuple[Unchecked, ...]
    notes: tuple[str, ...]
    state: str | None


class Companions:
    """The companions in `folder`; opens none before `watch`. `source`: digests of the source at the stop, if known."""

    def __init__(self, folder: Path, source: Mapping[tuple[str, int], str] | None = None) -> None:
        self._folder = folder
        self._memory = source or {}
        self._notes = Notes()
        self._wire = Wire(self._notes)
        self.facts: Facts | None = None
        """What the source's trace says of the whole migration."""
        self._trace: SourceTrace | None = None
        self._target: TargetTrace | None = None
        self._stores: StoreLog | None = None
        self._wrong: WrongCompanion | None = None
        self._seen: list[Seen] = []
        self._content: dict[tuple[str, int], str] = {}
        self._devices: list[tuple[str, int]] = []
        self.whole = False
        """The stream came to its end."""
        self.taken = TakenUp()

    def watch(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass the records of the stream through. Raises what reading them raises, and `UnusableInput`.

        A wrong companion is told by `report` alone, so that the stream is read to its end in any case.
        """
        with ExitStack() as stack:
            self._guarded(partial(self._open, stack))
            try:
                for number, record in enumerate(records, 1):
                    self._notes.record = number
                    self._wire.take(record)
                    self._guarded(partial(self._take, record))
                    yield record
            except BrokenStream:
                self._guarded(self._finish)
                raise
            self._guarded(self._finish)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step, unless a companion is wrong."""
        if self._wrong is None:
            try:
                step()
            except WrongCompanion as error:
                self._wrong = error

    def _open(self, stack: ExitStack) -> None:
        if target := beside(self._folder, "dst.trace"):
            source = stack.enter_context(open_input(str(target)))
            self._target = TargetTrace(str(target), qemu_trace.Trace(source).events(), self._notes)
        trace = beside(self._folder, "src.trace")
        if trace is None:
            return
        with open_input(str(trace)) as source:
            self.facts = facts = read_facts(source, self._notes)
        if not facts.whole:
            why = "several migrations are traced" if facts.setups > 1 else "the trace ends before the migration does"
            self.taken.cannot(why)
            for rule in _TRACED + _STORED:
                self._notes.cannot(rule, why)
            return
        source = stack.enter_context(open_input(str(trace)))
        self._trace = SourceTrace(facts, qemu_trace.Trace(source).events(), self._notes)
        if stores := beside(self._folder, "writes.csv"):
            self._stores = StoreLog(partial(open_input, str(stores)), facts, self._notes)

    def _take(self, record: Record) -> None:
        self.taken.take(record)
        match record:
            case BlockList() if self._stores is not None:
                self._stores.begin(record)
            case Page():
                place = (record.block, record.pfn)
                equal = self._stores is not None and self._stores.equal(record)
                bare = record if record.data is None else evolve(record, data=None, payload=None)
                self._seen.append(Seen(bare, self._content.get(place), self._notes.record, equal=equal))
                self._content[place] = record.digest
            case EndOfSection():
                self._section(record)
                self._seen = []
            case Device():
                self._devices.append((record.name, record.section_id))
            case EndOfFile():
                self.whole = True

    def _section(self, end: EndOfSection) -> None:
        if self._wire.switched:
            self.taken.cannot("post-copy, whose traces are not read")
            for rule in (*_TRACED, *_STORED, "every-record-is-loaded"):
                self._notes.cannot(rule, "post-copy, whose traces are not read")
            self._trace = self._target = self._stores = None
        if self._target is not None:
            self._target.section(self._seen)
        if self._trace is None or end.section is SectionKind.START:
            return
        ended = self._trace.section(self._seen, end.offset + end.length + 5)
        self.taken.section(self._seen)
        if self._stores is None or ended is None:
            return
        times: list[tuple[int, bool]] = []
        after = ended
        for seen in reversed(self._seen):
            after = seen.time if seen.time is not None else after
            times.append((after, seen.time is not None))
        standing = end.section is SectionKind.END
        for seen, (time, traced) in zip(self._seen, reversed(times), strict=True):
            latest = ended if seen.page.channel is not None else time
            self._stores.sent(seen, latest, traced, standing)
        for block, pfn, time in self._trace.skips:
            self._stores.unchanged(block, pfn, time)

    def _finish(self) -> None:
        self._wire.finish(self.whole)
        if self._target is not None:
            self._target.finish(self.whole)
        if self._trace is not None:
            self._trace.finish(self.whole, self._devices)
        if self._stores is not None:
            self._stores.finish(self.whole, self._memory)

    def report(self) -> Report:
        """What was found, once `watch` has ended, by the stream's end or an error. Raises `WrongCompanion`."""
        if self._wrong is not None:
            raise self._wrong
        notes = self._notes
        state = self.facts.state if self.facts else None
        return Report(
            tuple(notes.findings), notes.checked(), notes.unchecked(), (*notes.notes, *notes.overflow()), state
        )


def companions(folder: Path, records: Iterable[Record], source: Mapping[tuple[str, int], str] | None = None) -> Report:
    """Hold `records`, to their end, against what lies in `folder`. Raises like `Companions.watch` and `report`."""
    beside = Companions(folder, source)
    for _ in beside.watch(records):
        pass
    return beside.report()
