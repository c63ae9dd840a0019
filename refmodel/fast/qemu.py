"""QEMU's stream as columns: runs of whole pages and of zero pages at once, everything else by the oracle's reader."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any, cast

import numpy as np
from attrs import frozen

from refmodel.fast.buffered import Buffered
from refmodel.fast.columns import Columns, Control, Feed, Space
from refmodel.fast.hashing import Hasher, quick, sha, text_of
from refmodel.fast.images import Remembered, Wanted
from refmodel.fast.rows import ROWS, RunOfSends, Sends
from refmodel.oracle.events import Activate, Begin, Commit, Event
from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import NotReadYet
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_contents import Contents
from refmodel.oracle.readers.qemu_events import QemuEvents
from refmodel.oracle.readers.qemu_multifd import Channels
from refmodel.oracle.readers.qemu_ram import RamReader
from refmodel.oracle.readers.qemu_records import Page, Section, VmDescription
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.unusable import Unusable

__all__ = ["DELTAS", "QemuReading"]

_WHOLE = wire.RAM_PAGE | wire.RAM_CONTINUE
_ZERO = wire.RAM_ZERO | wire.RAM_CONTINUE
_STRIDES = {_WHOLE: 8 + wire.PAGE_SIZE, _ZERO: 9}
DELTAS = "record XBZRLE, of contents that are not kept,"
"""What a verdict says where deltas need ``deltas``."""
_FEWEST = 2
"""A run of fewer records is read one by one."""


class _NoContents(Contents):
    """Keeps nothing."""

    def set(self, block: str, pfn: int, data: bytes) -> None:
        pass

    def set_fill(self, block: str, pfn: int, fill: int) -> None:
        pass

    def get(self, block: str, pfn: int) -> bytes | None:
        raise NotReadYet(self._name, 0, DELTAS, "whole pages, or --deltas")


class _FastRam(RamReader):
    """Reads the bodies of RAM sections; yields runs too."""

    def __init__(
        self,
        source: Buffered,
        blocks: Blocks,
        channels: Channels | None,
        hasher: Hasher,
        contents: Contents,
        wanted: Wanted | None,
    ) -> None:
        super().__init__(source, False, blocks, channels, lambda data: text_of(hasher.of(data)), contents)
        self._buffered = source
        self._of = hasher.of
        self._wanted = wanted
        self._keeps = not isinstance(contents, _NoContents)
        self._of_fill = np.array([hasher.filled(byte) for byte in range(256)], np.uint64)

    def read_body(self, section: Section) -> Iterator[Any]:
        """Yield the records of the body, and runs of them."""
        while True:
            if not self._keeps:
                while (run := self._run()) is not None:
                    yield run
            if (yield from self._read_record(section)):
                return

    def _run(self) -> RunOfSends | None:
        """The records that come next in the buffer, as far as they are alike and there is nothing to say of them."""
        if self._current is None:
            return None
        view = self._buffered.window(8)
        flags = int.from_bytes(view[6:8], "big") & 0xFFF
        stride = _STRIDES.get(flags)
        if stride is None:
            return None
        if len(view) < stride:  # not before a record of that length is due: a live source may wait after a short one
            view = self._buffered.window(stride)
        if len(view) < _FEWEST * stride:
            return None
        heads = np.ndarray((len(view) // stride,), ">u8", view, 0, (stride,)).astype(np.int64)
        size = self._blocks.sizes[self._current]
        fits = (heads & 0xFFF == flags) & (heads >= 0) & (heads < size)
        count = len(heads) if fits.all() else int(np.argmin(fits))
        if count < _FEWEST:
            return None
        pfn = heads[:count] >> 12
        offset = self._buffered.offset + np.arange(count, dtype=np.int64) * stride
        if flags == _ZERO:
            digest = self._of_fill[np.ndarray((count,), np.uint8, view, 8, (stride,))]
        else:
            digest = self._digests(view, pfn, count)
        self._buffered.skip(count * stride)
        kind = "zero" if flags == _ZERO else "page"
        return RunOfSends(self._current, pfn, digest, offset, lambda row: kind, lambda row: text_of(int(digest[row])))

    def _digests(self, view: memoryview, pfn: Any, count: int) -> Any:
        of, stride = self._of, _STRIDES[_WHOLE]
        if self._wanted is None:
            whole = (of(view[at : at + wire.PAGE_SIZE]) for at in range(8, count * stride, stride))
            return np.fromiter(whole, np.uint64, count)
        digest = np.zeros(count, np.uint64)
        assert self._current is not None
        for row in np.flatnonzero(self._wanted(self._current, pfn)):
            at = 8 + int(row) * stride
            digest[row] = of(view[at : at + wire.PAGE_SIZE])
        return digest


@frozen
class QemuReading:
    """A stream, which may be read again if ``opens`` says so, and the memory that both sides had at the cutover."""

    where: str
    opens: Callable[[], AbstractContextManager[Any]]
    """A file of the stream's bytes."""
    memory: Sequence[Remembered] = ()
    deltas: bool = False
    """Keep the contents that XBZRLE records build on."""
    again: bool = True
    """It can be read a second time."""
    is_stream: bool = True
    watch: Callable[[Any, int], None] | None = None
    """Called with each record, or run of them, and where it ends, in bytes."""

    @property
    def hasher(self) -> Hasher:
        """That of the screen: what the memory is compared by."""
        return sha() if any(each.is_digested for each in self.memory) else quick()

    def feed(self, wanted: Wanted | None) -> Feed:
        """The stream as columns; with ``wanted``, of these pages alone the digests are right, and are sha256."""
        hasher = self.hasher if wanted is None else sha()
        with self.opens() as file, closing(_contents(self)) as contents:
            yield from _Feeding(self, hasher, wanted).feed(Buffered(file, self.where), contents)


def _contents(reading: QemuReading) -> Contents:
    return Contents(reading.where) if reading.deltas else _NoContents(reading.where)


class _Feeding:
    def __init__(self, reading: QemuReading, hasher: Hasher, wanted: Wanted | None) -> None:
        self._reading = reading
        self._hasher = hasher
        self._wanted = wanted
        self._sends = Sends()
        self._space = Space(())
        self._number = 0

    def feed(self, source: Buffered, contents: Contents) -> Feed:
        def ram(_: ByteSource, keep: bool, blocks: Blocks, channels: Channels | None) -> RamReader:
            return _FastRam(source, blocks, channels, self._hasher, contents, self._wanted)

        mapped, watch = QemuEvents(), self._reading.watch
        try:
            for record in cast(Iterator[Any], read_stream(source, reader=ram)):
                if watch is not None:
                    watch(record, source.offset)
                if isinstance(record, RunOfSends | Page):
                    self._sends.add(record if isinstance(record, RunOfSends) else _run_of(record))
                    if self._sends.rows >= ROWS:
                        yield self._columns()
                    continue
                for event in mapped.of(record):
                    yield from self._event(event, isinstance(record, VmDescription))
        except Unusable:
            raise
        except Exception:
            if self._sends.rows:
                yield self._columns()
            raise

    def _event(self, event: Event, ends: bool) -> Feed:
        if self._sends.rows:
            yield self._columns()
        if isinstance(event, Begin):
            self._space = Space((block.name, block.pages) for block in event.blocks)
        side = "source" if isinstance(event, Commit) else "target" if isinstance(event, Activate) and ends else None
        for memory in self._reading.memory if side else ():
            for columns in memory.columns(side or "", self._number + 1, self._space, self._hasher, self._wanted):
                self._number += len(columns)
                yield columns
        self._number += 1
        yield Control(self._number, event)

    def _columns(self) -> Columns:
        number = self._number + 1
        self._number += self._sends.rows
        return self._sends.taken(number, self._space)


def _run_of(page: Page) -> RunOfSends:
    """A record that was read by itself."""
    one = np.array([page.pfn], np.int64)
    digest = np.array([int(page.digest, 16)], np.uint64)
    kind, text = page.kind.value, page.digest
    return RunOfSends(page.block, one, digest, np.full_like(one, page.offset), lambda row: kind, lambda row: text)
