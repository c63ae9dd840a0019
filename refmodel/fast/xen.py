"""Xen's stream as columns: a PAGE_DATA record at once, everything else by the oracle's reader.

Only the promise's rules are looked at. That a pass was the last, sent after the suspension, is known when the pages
have ended: the stepwise oracle holds each pass until then, here the second reading does, of the few pages wanted.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import numpy as np
from attrs import define, evolve, field, frozen

from refmodel.fast.buffered import Buffered
from refmodel.fast.columns import Code, Columns, Control, Feed, Space
from refmodel.fast.hashing import Hasher, quick, sha
from refmodel.fast.images import Wanted
from refmodel.fast.rows import ROWS
from refmodel.fast.xen_memory import XenMemory
from refmodel.fast.xen_pages import PageRun, PagesReader
from refmodel.oracle.events import VERSION, Activate, Begin, Block, Commit, Event, Pause, Round
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.records import Handshake, LibxlEnd, P2mFrames, Vcpu, Verify
from refmodel.oracle.xen.results import BLOCK
from refmodel.oracle.xen.wrapper import read_stream

__all__ = ["XenMemory", "XenReading"]


@frozen
class XenReading:
    """A stream, and the source's memory at its suspension."""

    where: str
    opens: Callable[[], AbstractContextManager[Any]]
    memory: Sequence[XenMemory] = ()
    again: bool = True
    is_stream: bool = True
    watch: Callable[[Any, int], None] | None = None
    """Called with each record, or run of pages, and where it ends, in bytes."""
    live: bool = False
    """It is judged when all has come but the sender's leave to unpause, which waits for the verdict."""

    def feed(self, wanted: Wanted | None) -> Feed:
        """The stream as columns; with ``wanted``, of these pages alone the digests are right, and are sha256."""
        digested = any(not memory.is_raw for memory in self.memory)
        hasher = sha() if digested or wanted is not None else quick()
        with self.opens() as file:
            source = Buffered(file, self.where)
            feeding = _Feeding(hasher, wanted)
            pages = PagesReader(source, hasher, wanted)
            try:
                for record in cast(Iterator[Any], read_stream(source, pages.read)):
                    if self.watch is not None:
                        self.watch(record, source.offset)
                    yield from feeding.take(record)
                    if self.live and isinstance(record, LibxlEnd):
                        break
            except BrokenStream:
                yield from feeding.broken()
                raise
            yield from feeding.end(source.offset, self.memory, self.live)


@define
class _Feeding:
    hasher: Hasher
    wanted: Wanted | None
    space: Space = field(factory=lambda: Space(()))
    number: int = 0
    last: int = 0
    sent: Any = None
    """Pages that were sent, a byte each."""
    plain: bool = True
    """No page tables, and no page without data."""
    passes: int = 0
    handshake: bool = False
    _at: int = -1
    """The last page of the pass."""
    _short: bool = False
    _ended: bool = False
    _gathered: list[PageRun] = field(factory=list)
    """In the first reading: runs until there are enough rows of them, which are so many."""
    _rows: int = 0
    _held: list[tuple[Any, PageRun]] = field(factory=list)
    """In the second reading: what came of the pass at hand, each row with its place in it."""
    _waiting: int = 0
    """Rows of the pass at hand that were held, wanted or not."""

    def take(self, record: Any) -> Feed:
        match record:
            case P2mFrames():
                self.last = record.last
                self.space = Space([(BLOCK, record.last + 1)])
                self.sent = np.zeros(record.last + 1, np.bool_)
                yield self._control(Begin(VERSION, (Block(BLOCK, record.last + 1),)))
            case PageRun() if not self._ended:
                yield from self._pages(record)
            case Verify() | Vcpu(part="basic") if not self._ended and self.sent is not None:
                self._ended = True
                yield self._control(Pause())
                yield from self._release()
            case Handshake():
                self.handshake = True

    def _pages(self, run: PageRun) -> Feed:
        if run.opens and self._opens_pass(int(run.pfn[0])):
            yield from self._release()
            self.passes += 1
            yield self._control(Round())
        self._at = int(run.pfn[-1])
        self._short = run.of < wire.MAX_BATCH
        self.sent[run.pfn] = True
        self.plain &= not run.type.any()
        if self.wanted is None:
            self._gathered.append(run)
            self._rows += len(run.pfn)
            if self._rows >= ROWS:
                yield from self._flush()
            return
        rows = np.flatnonzero(self.wanted(BLOCK, run.pfn))
        if len(rows):
            some = evolve(run, pfn=run.pfn[rows], type=run.type[rows], digest=run.digest[rows], offset=run.offset[rows])
            self._held.append((rows + self._waiting, some))
        self._waiting += len(run.pfn)

    def _opens_pass(self, pfn: int) -> bool:
        """As ``refmodel.oracle.xen.passes`` has it where no harvest was recorded."""
        if self.passes == 0 or pfn <= self._at:
            return True
        return self._short if self.passes > 1 else self.last <= self._at

    def broken(self) -> Feed:
        """What has come of the pass at hand is told."""
        yield from self._release()

    def _flush(self) -> Feed:
        if self._gathered:
            runs, first = self._gathered, self.number + 1
            self.number += self._rows
            self._gathered, self._rows = [], 0
            yield _columns(_joined(runs), np.arange(first, self.number + 1, dtype=np.int64))

    def _release(self) -> Feed:
        yield from self._flush()
        for places, run in self._held:
            yield _columns(run, places + self.number + 1)
        self.number += self._waiting
        self._held, self._waiting = [], 0

    def _control(self, event: Event) -> Control:
        self.number += 1
        return Control(self.number, event)

    def end(self, offset: int, memory: Sequence[XenMemory], live: bool = False) -> Feed:
        """The stream is whole: what both sides had, and the hand-over."""
        if self.passes > 1 and not self.handshake and not live:
            raise EarlyEnd(offset, "handshake", repr(wire.HANDSHAKE), "the end of the stream")
        for each in memory:
            if each.side == "source":
                for columns in each.columns(self.number + 1, self.sent, self.plain, self.hasher, self.wanted):
                    self.number += len(columns)
                    yield columns
        yield self._control(Commit())
        yield self._control(Activate())


def _joined(runs: list[PageRun]) -> PageRun:
    """Several runs as one."""

    def of(name: str) -> Any:
        return np.concatenate([getattr(run, name) for run in runs])

    return PageRun(of("pfn"), of("type"), of("digest"), of("offset"), runs[0].opens, runs[0].of)


def _columns(run: PageRun, numbers: Any) -> Columns:
    count = len(run.pfn)
    of_sends = np.full(count, Code.SEND, np.uint8)
    no = np.zeros(count, np.bool_)
    return Columns(numbers, of_sends, run.pfn, run.digest, ~no, no, run.event)
