"""The multifd channels of a QEMU migration: streams of packets beside the main one (QEMU 7.2 migration/multifd.c).

A channel begins with 64 bytes: u32 magic, u32 version, uuid, u8 channel, padding. A packet is a header of 320 bytes
(u32 magic, version, flags, pages allocated, normal pages, u32 size of the content, u64 packet number, 32 bytes of
padding, 256 bytes of block name), 128 u64 offsets inside the block, then 4096 bytes for each normal page. A packet with
the flag SYNC ends what the sync point of the main channel waits for: every EOS up to machine type 8.0, every
MULTIFD_FLUSH record in any. Between two sync points only the packet numbers order the packets.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from heapq import merge

from attrs import frozen

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet, UnusableInput, WrongCompanion
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_records import Configuration, Page, PageKind, Section, SectionKind

MAGIC = 0x11223344
VERSION = 1
PAGES = 128
"""Pages of a packet at most, and offsets in every packet: 512 KiB in pages of 4096 bytes."""
MAX_CHANNELS = 16

_INIT = struct.Struct(">II16sB39x")
_HEADER = struct.Struct(">IIIIIIQ32s256s")
_SYNC = 1
_COMPRESSION = 0x3E
_FLUSH_SINCE = (8, 1)
_ASKED_FOR = (wire.RAM_PAGE, wire.RAM_ZERO, wire.RAM_EOS)
PREEMPT = "post-copy with a channel for the pages that are asked for (postcopy-preempt)"
"""QEMU 7.1 and later; what comes on it are records as in the stream's own RAM sections, to an EOS."""


@frozen
class _Content:
    pfn: int
    offset: int
    digest: str
    data: bytes | None


@frozen
class Packet:
    """A packet of a channel, with the contents of its pages."""

    channel: int
    offset: int
    number: int
    sync: bool
    block: str
    pages: tuple[_Content, ...]


class _Channel:
    """One channel; reads its first bytes at once. Raises `UnusableInput` unless they are those of a channel."""

    def __init__(self, source: ByteSource, blocks: Blocks, keep_bytes: bool, digest: Callable[[bytes], str]) -> None:
        self._source = source
        self._blocks = blocks
        self._keep_bytes = keep_bytes
        self._digest = digest
        self._last = 0
        start = source.peek(8)  # and no more, for which a live one of another kind may wait
        magic, version = struct.unpack(">II", start) if len(start) == 8 else (0, 0)
        if len(start) == 8 and start[0] == 0 and version & 0xFFF & ~wire.RAM_CONTINUE in _ASKED_FOR:
            raise NotReadYet(source.name, 0, f"a channel of RAM records: {PREEMPT}", "multifd channels")
        if magic != MAGIC:
            raise UnusableInput(source.name, 0, f"input that begins with {start[:4].hex(' ')}", "a multifd channel")
        if version != VERSION:
            raise NotReadYet(source.name, 4, f"multifd version {version}", f"version {VERSION}")
        first = source.read_exact(_INIT.size, "the start of a multifd channel")
        _, _, self.uuid, self.number = _INIT.unpack(first)

    def window(self, waiting: str) -> Iterator[Packet]:
        """Yield the packets up to and with the next SYNC, which `waiting` on the main channel waits for."""
        while True:
            if not self._source.peek(1):
                record = f"multifd channel {self.number}"
                raise EarlyEnd(self._source.offset, record, f"a SYNC packet for {waiting}", "the end of the channel")
            packet = self._read_packet()
            yield packet
            if packet.sync:
                return

    def read_rest(self) -> None:
        """Read to the end. Raises `BrokenStream` for pages that no sync point waits for."""
        while self._source.peek(1):
            packet = self._read_packet()
            if packet.pages:
                record = f"packet {packet.number} of multifd channel {self.number}"
                raise BrokenStream(packet.offset, record, "no pages after the last sync", f"{len(packet.pages)}")

    def _read_packet(self) -> Packet:
        source = self._source
        offset = source.offset
        record = f"packet of multifd channel {self.number}"
        head = _HEADER.unpack(source.read_exact(_HEADER.size, record))
        magic, version, flags, allocated, normal, size, number, padding, name = head
        offsets = struct.unpack(f">{PAGES}Q", source.read_exact(8 * PAGES, record))
        if magic != MAGIC or version != VERSION:
            raise BrokenStream(offset, record, f"magic {MAGIC:#x}, version {VERSION}", f"{magic:#x}, {version}")
        if flags & _COMPRESSION:
            raise NotReadYet(source.name, offset, f"multifd compression (flags {flags:#x})", "packets as they are")
        if flags & ~_SYNC:
            raise NotReadYet(source.name, offset, f"multifd flags {flags:#x}", "SYNC alone")
        if any(padding):
            what = "zero pages in a multifd packet (QEMU 9.0 and later)"
            raise NotReadYet(source.name, offset, what, "zero pages on the main channel")
        if allocated > PAGES or normal > allocated:
            raise BrokenStream(offset, record, f"at most {PAGES} pages", f"{normal} pages of {allocated}")
        if number < self._last:
            raise BrokenStream(offset, record, f"packet numbers that do not fall, {self._last} or more", f"{number}")
        self._last = number
        if not normal:
            return Packet(self.number, offset, number, bool(flags & _SYNC), "", ())
        if size != normal * wire.PAGE_SIZE:
            raise BrokenStream(offset, record, f"a size of {normal * wire.PAGE_SIZE} bytes", f"{size} bytes")
        block = wire.as_name(name.split(b"\0")[0], offset, record)
        places = [self._blocks.place(offset, record, block, address) for address in offsets[:normal]]
        pages = tuple(self._read_page(pfn, record) for pfn in places)
        return Packet(self.number, offset, number, bool(flags & _SYNC), block, pages)

    def _read_page(self, pfn: int, record: str) -> _Content:
        offset = self._source.offset
        data = self._source.read_exact(wire.PAGE_SIZE, record)
        return _Content(pfn, offset, self._digest(data), data if self._keep_bytes else None)


class Channels:
    """All channels of a migration, in any order. Memory: one packet of each, at most 512 KiB.

    ``live``: they stay open until the target has taken over, so that they are not read to their end. Raises
    `WrongCompanion` where they are not the channels of one migration, `NotReadYet` where the machine type of
    `configuration` does not tell which sync points there are.
    """

    def __init__(
        self,
        sources: Sequence[ByteSource],
        blocks: Blocks,
        configuration: Configuration,
        keep_bytes: bool,
        digest: Callable[[bytes], str] = wire.digest,
        live: bool = False,
    ) -> None:
        name = sources[0].name
        if len(sources) > MAX_CHANNELS:
            raise NotReadYet(name, 0, f"one of {len(sources)} multifd channels", f"at most {MAX_CHANNELS}")
        channels = [_Channel(source, blocks, keep_bytes, digest) for source in sources]
        self._channels = {channel.number: channel for channel in channels}
        if sorted(self._channels) != list(range(len(sources))):
            numbers = ", ".join(str(channel.number) for channel in channels)
            raise WrongCompanion(
                name, f"multifd channels {numbers}", f"the channels 0 to {len(sources) - 1}, each once"
            )
        uuids = {channel.uuid for channel in channels}
        uuids |= {sub.body for sub in configuration.subsections if sub.name == "configuration/uuid"}
        if len(uuids) > 1:
            raise WrongCompanion(name, "multifd channels of machines with other uuids", "channels of one machine")
        version = re.search(r"-(\d+)\.(\d+)$", configuration.machine)
        if version is None:
            what = f"multifd of machine type {configuration.machine}, which names no version"
            raise NotReadYet(name, 0, what, "a machine type with its version, which tells the sync points")
        self._every_section = (int(version[1]), int(version[2])) < _FLUSH_SINCE
        self._name = name
        self._live = live

    def pages_before(self, section: Section, offset: int, end_of_section: bool) -> Iterator[Page]:
        """Yield what the sync point at `offset` of the main channel waits for, ordered by packet number."""
        if end_of_section and not self._every_section:
            if section.kind is SectionKind.END:
                self._finish()
            return
        waiting = f"the {'EOS' if end_of_section else 'MULTIFD_FLUSH'} at offset {offset} of the main channel"
        windows = [channel.window(waiting) for channel in self._channels.values()]
        before: Packet | None = None
        for packet in merge(*windows, key=lambda packet: packet.number):
            if before and before.number == packet.number and before.channel != packet.channel:
                what = f"packet {packet.number} on multifd channels {before.channel} and {packet.channel}"
                raise WrongCompanion(self._name, what, "channels of one migration, which number their packets together")
            before = packet
            yield from self.told(section, packet)
        if section.kind is SectionKind.END and end_of_section:
            self._finish()

    def told(self, section: Section, packet: Packet) -> Iterator[Page]:
        """The pages of a packet."""
        for page in packet.pages:
            yield _page(section, packet, page)

    def _finish(self) -> None:
        for channel in self._channels.values() if not self._live else ():
            channel.read_rest()


def _page(section: Section, packet: Packet, page: _Content) -> Page:
    return Page(
        offset=page.offset,
        length=wire.PAGE_SIZE,
        section=section.kind,
        ordinal=section.ordinal,
        section_id=section.section_id,
        block=packet.block,
        pfn=page.pfn,
        kind=PageKind.MULTIFD,
        continued=False,
        digest=page.digest,
        data=page.data,
        channel=packet.channel,
        packet=packet.number,
    )
