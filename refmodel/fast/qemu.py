"""QEMU's stream as columns: what is read at once by ``qemu_ram``, everything else by the oracle's reader."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any, cast

import numpy as np
from attrs import frozen

from refmodel.fast.buffered import Buffered
from refmodel.fast.columns import Columns, Control, Feed, Space
from refmodel.fast.hashing import Hasher, quick, sha, text_of
from refmodel.fast.images import Remembered, Wanted
from refmodel.fast.qemu_ram import DELTAS, FastRam, NoContents
from refmodel.fast.rows import ROWS, RunOfSends, Sends
from refmodel.oracle.events import Activate, Begin, Commit, Event
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_contents import Contents
from refmodel.oracle.readers.qemu_events import QemuEvents
from refmodel.oracle.readers.qemu_multifd import Channels, Packet
from refmodel.oracle.readers.qemu_ram import RamReader
from refmodel.oracle.readers.qemu_records import Configuration, Page, PageKind, Section, VmDescription
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.unusable import Unusable

__all__ = ["DELTAS", "QemuReading"]


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
    channels: Callable[[], Sequence[ByteSource]] | None = None
    """Of a live stream: its multifd channels, if it has any, asked for when all must have connected."""

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
    return Contents(reading.where) if reading.deltas else NoContents(reading.where)


class _Feeding:
    def __init__(self, reading: QemuReading, hasher: Hasher, wanted: Wanted | None) -> None:
        self._reading = reading
        self._hasher = hasher
        self._wanted = wanted
        self._sends = Sends()
        self._space = Space(())
        self._number = 0
        self._configuration: Configuration | None = None

    def feed(self, source: Buffered, contents: Contents) -> Feed:
        def ram(_: ByteSource, keep: bool, blocks: Blocks, channels: Channels | None) -> RamReader:
            joined = self._joined if self._reading.channels else None
            return FastRam(source, blocks, channels, self._hasher, contents, self._wanted, joined)

        mapped, watch = QemuEvents(), self._reading.watch
        try:
            for record in cast(Iterator[Any], read_stream(source, reader=ram)):
                if watch is not None:
                    watch(record, source.offset)
                if isinstance(record, Configuration):
                    self._configuration = record
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

    def _joined(self, blocks: Blocks) -> Channels | None:
        sources = self._reading.channels() if self._reading.channels else ()
        if not sources:
            return None
        assert self._configuration is not None

        def digest(data: bytes) -> str:
            return text_of(self._hasher.of(data))

        return _FastChannels(sources, blocks, self._configuration, False, digest, live=True)

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


class _FastChannels(Channels):
    """Tells the pages of a packet at once."""

    def told(self, section: Section, packet: Packet) -> Iterator[Any]:
        """A run of them."""
        pages = packet.pages
        if pages:
            pfn, offset = (np.array([getattr(page, name) for page in pages], np.int64) for name in ("pfn", "offset"))
            digest = np.array([int(page.digest, 16) for page in pages], np.uint64)
            yield RunOfSends(
                packet.block, pfn, digest, offset, lambda row: PageKind.MULTIFD.value, lambda row: pages[row].digest
            )


def _run_of(page: Page) -> RunOfSends:
    """A record that was read by itself."""
    one = np.array([page.pfn], np.int64)
    digest = np.array([int(page.digest, 16)], np.uint64)
    kind, text = page.kind.value, page.digest
    return RunOfSends(page.block, one, digest, np.full_like(one, page.offset), lambda row: kind, lambda row: text)
