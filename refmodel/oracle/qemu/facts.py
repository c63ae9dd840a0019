"""What the source's trace says of the whole migration, read once before the stream: states, syncs, sections, bytes."""

from collections import Counter

from attrs import define, field

from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers import qemu_trace as trace
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput, WrongCompanion

__all__ = ["Facts", "Sync", "read_facts"]

MOST = 1_000_000
"""Most syncs, sections or packets of a trace that are kept."""

_LAST = ("completed", "cancelled", "failed")
_FINISH_MIGRATE = 7
"""The run state of a guest that is stopped for the hand-over (QEMU qapi/run-state.json, RunState)."""
_JUMP = 1_000_000
_STILL = 3_000_000
"""Microseconds without a traced event that only QEMU's own count of time can vouch for: a round takes 100 ms."""


@define
class Sync:
    """A harvest of the dirty bitmap: begin and end in microseconds, and the count that QEMU gave."""

    start: int
    end: int
    dirty: int


@define
class Facts:
    """Times are in microseconds; None for what did not happen."""

    name: str
    first: int = 0
    last: int = 0
    setup: int | None = None
    setups: int = 0
    state: str | None = None
    """The migration's last state."""
    ended: int | None = None
    stop: int | None = None
    """When the vCPUs stopped for the hand-over."""
    stays_stopped: bool = False
    """They have not gone on since, though the migration may have ended in another way."""
    syncs: list[Sync] = field(factory=list)
    ram_sections: int = 0
    devices: list[tuple[str, int]] = field(factory=list)
    sends: int = 0
    boundaries: list[tuple[int, int]] = field(factory=list)
    """(RAM sections that were written, bytes that had gone out), as `migrate_transferred` adds them up."""
    packets: Counter[tuple[int, int]] = field(factory=Counter)
    clears: int = 0

    @property
    def whole(self) -> bool:
        """Whether the trace goes to the end of its one migration."""
        return self.setups == 1 and self.state in _LAST


def read_facts(source: ByteSource, notes: Notes) -> Facts:
    """Read a source's trace to its end, and judge what needs nothing else.

    Raises `UnusableInput` for a trace of other lines or too many, `WrongCompanion` where its clock jumps or it traces
    no migration.
    """
    facts = Facts(source.name)
    reader = _Reader(facts, notes)
    for event in trace.Trace(source).events():
        facts.first = facts.first or event.time
        facts.last = event.time
        reader.take(event)
        if len(facts.syncs) + facts.ram_sections + len(facts.devices) + len(facts.packets) > MOST:
            raise UnusableInput(source.name, source.offset, f"over {MOST} syncs, sections and packets", "fewer")
    if facts.setup is None:
        raise WrongCompanion(source.name, "no migration is set up in this trace", "the trace of a source")
    return facts


class _Reader:
    def __init__(self, facts: Facts, notes: Notes) -> None:
        self.facts = facts
        self.notes = notes
        self.open: trace.SectionStart | None = None
        self.sync: trace.SyncStart | None = None
        self.out = 0
        self.counted: trace.Transferred | None = None
        self.before: trace.Traced | None = None
        self.still: tuple[int, int] | None = None
        """The line after which nothing was traced for long, and how long, since QEMU last counted time."""
        self.sent: dict[tuple[str, int], set[int]] = {}
        """Pages sent since the last sync, by block and their place in pages of 1 GiB."""

    def take(self, event: trace.Traced) -> None:
        facts = self.facts
        self._passes(event)
        if isinstance(event, trace.VmState):
            facts.stays_stopped = not event.running and event.reason == _FINISH_MIGRATE
        match event:
            case trace.StateSet():
                facts.state = event.state
                if event.state == "setup":
                    facts.setups += 1
                    facts.setup = event.time
                elif event.state in _LAST:
                    facts.ended = event.time
            case trace.VmState() if facts.ended is None:
                facts.stop = None if event.running else event.time
            case trace.SyncStart():
                self.sync = event
            case trace.SyncEnd():
                start = self.sync.time if self.sync else event.time
                facts.syncs.append(Sync(start, event.time, event.dirty))
                self.sent.clear()
            case trace.SectionStart() | trace.SectionEnd():
                self._section(event)
            case trace.SavePage():
                facts.sends += 1
                pfn = event.address // 4096
                self.sent.setdefault((event.block, pfn >> 18), set()).add(pfn)
            case trace.ClearDirty():
                self._clear(event)
            case trace.Transferred():
                self._bytes(event)
            case trace.PacketSent() if event.pages:
                facts.packets[event.channel, event.packet] += event.pages

    def _passes(self, event: trace.Traced) -> None:
        """Time passes; where much does and QEMU never counts it, the clock has jumped."""
        before, self.before = self.before, event
        if self.facts.setup is None or self.facts.ended is not None or before is None:
            return
        if event.time - before.time > _STILL:
            self.still = (event.line, event.time - before.time)
        if self.still is None:
            return
        line, passed = self.still
        if isinstance(event, trace.Transferred) and event.spent * 1000 > passed - _JUMP:
            self.still = None  # QEMU's own clock says so too
        elif isinstance(event, trace.StateSet) and event.state in _LAST:
            what = f"line {line}: {passed / 1e6:.3f} s passed in which nothing was traced"
            raise WrongCompanion(self.facts.name, what, "a clock that does not jump")

    def _section(self, event: trace.SectionStart | trace.SectionEnd) -> None:
        rule = "sections-are-as-traced"
        self.notes.check(rule)
        if isinstance(event, trace.SectionStart):
            if self.open is not None:
                self.notes.find(rule, f"section {event.name} begins inside {self.open.name} (line {event.line})")
            self.open = event
            if event.name == "ram":
                self.facts.ram_sections += 1
            else:
                self.facts.devices.append((event.name, event.number))
            return
        began = self.open
        self.open = None
        if began is None or (began.name, began.number) != (event.name, event.number):
            self.notes.find(rule, f"section {event.name} ends, which did not begin (line {event.line})")
        if event.result < 0:
            self.notes.find(rule, f"section {event.name} failed with {event.result} (line {event.line})")

    def _clear(self, event: trace.ClearDirty) -> None:
        rule = "the-log-is-cleared-before-a-send"
        self.facts.clears += 1
        self.notes.check(rule)
        first, end = event.start // 4096, (event.start + event.size) // 4096
        for (block, place), pfns in self.sent.items():
            if block != event.block or (place + 1) << 18 <= first or place << 18 >= end:
                continue
            message = "the page was sent before the log of its chunk was cleared: a store between them is lost"
            for pfn in sorted(pfn for pfn in pfns if first <= pfn < end):
                self.notes.find(rule, message, (block, pfn))

    def _bytes(self, event: trace.Transferred) -> None:
        before = self.counted
        self.counted = event
        if before is not None and abs(event.time - before.time - event.spent * 1000) > _JUMP:
            passed = (event.time - before.time) / 1e6
            what = f"line {event.line}: {passed:.3f} s passed, where QEMU counts {event.spent} ms"
            raise WrongCompanion(self.facts.name, what, "a clock that does not jump")
        self.out += event.size
        if len(self.facts.boundaries) < 1000:
            self.facts.boundaries.append((self.facts.ram_sections, self.out))
