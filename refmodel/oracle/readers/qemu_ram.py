"""The body of the RAM sections of a QEMU stream: the block list, then pages, each body ended by EOS."""

import zlib
from collections.abc import Callable, Generator, Iterator

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers import qemu_xbzrle as xbzrle
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet, UnknownKind
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_contents import Contents
from refmodel.oracle.readers.qemu_multifd import Channels
from refmodel.oracle.readers.qemu_records import BlockList, EndOfSection, MultifdFlush, Page, PageKind, Section

_KINDS = {
    wire.RAM_PAGE: PageKind.PAGE,
    wire.RAM_ZERO: PageKind.ZERO,
    wire.RAM_XBZRLE: PageKind.XBZRLE,
    wire.RAM_COMPRESS: PageKind.ZLIB,
}
_NAMES = {PageKind.ZLIB: "COMPRESS"}
_XBZRLE_ENCODING = 1
# zlib's compressBound(4096), the most that QEMU 7.2 takes (migration/ram.c, ram_load_precopy).
_MAX_COMPRESSED = wire.PAGE_SIZE + (wire.PAGE_SIZE >> 12) + 13


class RamReader:
    """Reads RAM section bodies from `source`, and the pages of `channels` where a sync point waits for them.

    The blocks, and the block that the next record continues, live from one section to the next. `switched` says that
    the target runs (post-copy). `digest` is of a page's content, and `contents` keeps what deltas build on.
    """

    def __init__(
        self,
        source: ByteSource,
        keep_bytes: bool,
        blocks: Blocks,
        channels: Channels | None,
        digest: Callable[[bytes], str] = wire.digest,
        contents: Contents | None = None,
    ) -> None:
        self._source = source
        self._keep_bytes = keep_bytes
        self._blocks = blocks
        self._channels = channels
        self._contents = Contents(source.name) if contents is None else contents
        self._digest = digest
        self._fills: dict[int, tuple[bytes, str]] = {}
        self._current: str | None = None
        self.switched = False

    def close(self) -> None:
        """Give up what was kept of the pages."""
        self._contents.close()

    def read_body(self, section: Section) -> Iterator[BlockList | Page | MultifdFlush | EndOfSection]:
        """Yield the records of the body of `section` up to and with its EOS (QEMU 7.2 migration/ram.c, ram_load).

        Raises `BrokenStream` (`UnknownKind`: a flag that is not known), and `NotReadYet` for record kinds that this
        version does not read.
        """
        while not (yield from self._read_record(section)):
            pass

    def _read_record(self, section: Section) -> Generator[BlockList | Page | MultifdFlush | EndOfSection, None, bool]:
        """Yield the next record, with the pages that a sync point waits for before it; return whether it is EOS."""
        source = self._source
        offset = source.offset
        word = source.read_uint(8, "RAM record")
        flags = word & (wire.PAGE_SIZE - 1)
        address = word - flags
        kind = flags & ~wire.RAM_CONTINUE
        if kind in _KINDS:
            yield self._read_page(section, offset, address, flags)
        elif kind in wire.RAM_NOT_READ:
            expected = "MEM_SIZE, ZERO, PAGE, XBZRLE, COMPRESS, MULTIFD_FLUSH or EOS records"
            raise NotReadYet(source.name, offset, f"record {wire.RAM_NOT_READ[kind]}", expected)
        elif flags == wire.RAM_MEM_SIZE:
            yield self._blocks.read(source, offset, address)
        elif flags in (wire.RAM_EOS, wire.RAM_MULTIFD_FLUSH):
            last = flags == wire.RAM_EOS
            if address:
                name = "EOS" if last else "MULTIFD_FLUSH"
                raise BrokenStream(offset, name, "no address", f"address {address:#x}")
            if self._channels is not None:
                yield from self._channels.pages_before(section, offset, last)
            record = EndOfSection if last else MultifdFlush
            yield record(offset, source.offset - offset, section.kind, section.ordinal)
            return last
        else:
            refused = UnknownKind if kind in wire.RAM_UNKNOWN else BrokenStream
            raise refused(offset, "RAM record", "flags of one record kind", f"flags {flags:#05x}")
        return False

    def _filled(self, fill: int) -> tuple[bytes, str]:
        if fill not in self._fills:
            data = bytes([fill]) * wire.PAGE_SIZE
            self._fills[fill] = data, self._digest(data)
        return self._fills[fill]

    def _read_page(self, section: Section, offset: int, address: int, flags: int) -> Page:
        """Read the rest of a record of one page (QEMU 7.2 migration/ram.c, save_page_header)."""
        source = self._source
        continued = bool(flags & wire.RAM_CONTINUE)
        kind = _KINDS[flags & ~wire.RAM_CONTINUE]
        name = f"record {_NAMES.get(kind, kind.name)}"
        if not continued:
            self._current = wire.read_name(source, "RAM block name")
        block = self._current
        if block is None:
            raise BrokenStream(offset, name, "a RAM block named before CONTINUE", "none named yet")
        pfn = self._blocks.place(offset, name, block, address)
        fill: int | None = None
        payload: bytes | None = None
        if kind is PageKind.ZERO:
            fill = source.read_uint(1, name)
            data, page_digest = self._filled(fill)
            if self._channels is None:
                self._contents.set_fill(block, pfn, fill)
        else:
            if kind is PageKind.PAGE:
                data = source.read_exact(wire.PAGE_SIZE, name)
            elif kind is PageKind.ZLIB:
                data, payload = self._read_zlib(offset, name)
            else:
                data, payload = self._read_delta(offset, name, block, pfn)
            page_digest = self._digest(data)
            if self._channels is None:
                self._contents.set(block, pfn, data)
        return Page(
            offset=offset,
            length=source.offset - offset,
            section=section.kind,
            ordinal=section.ordinal,
            section_id=section.section_id,
            block=block,
            pfn=pfn,
            kind=kind,
            continued=continued,
            digest=page_digest,
            fill=fill,
            data=data if self._keep_bytes else None,
            payload=payload if self._keep_bytes else None,
        )

    def _read_zlib(self, offset: int, name: str) -> tuple[bytes, bytes]:
        """Read u32 length and zlib data of exactly one page; nothing beyond a page is ever unpacked."""
        length = self._source.read_uint(4, name)
        if not 0 < length <= _MAX_COMPRESSED:
            raise BrokenStream(offset, name, f"1 to {_MAX_COMPRESSED} bytes of zlib data", f"{length} bytes")
        payload = self._source.read_exact(length, name)
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(payload, wire.PAGE_SIZE + 1)
        except zlib.error as error:
            raise BrokenStream(offset, name, "zlib data", str(error)) from error
        if len(data) != wire.PAGE_SIZE:
            found = "more" if len(data) > wire.PAGE_SIZE else f"{len(data)}"
            raise BrokenStream(offset, name, f"{wire.PAGE_SIZE} bytes of content", found)
        if not unpacker.eof or unpacker.unused_data:
            raise BrokenStream(offset, name, "zlib data to its own end", f"{length} bytes that end elsewhere")
        return data, payload

    def _read_delta(self, offset: int, name: str, block: str, pfn: int) -> tuple[bytes, bytes]:
        """Read u8 encoding, u16 length, delta (QEMU 7.2 migration/ram.c, save_xbzrle_page and load_xbzrle)."""
        source = self._source
        if self.switched:
            raise BrokenStream(offset, name, "whole pages after the switch to post-copy", "a delta")
        if self._channels is not None:
            raise NotReadYet(source.name, offset, f"{name} beside multifd channels", "one of the two")
        encoding = source.read_uint(1, name)
        if encoding != _XBZRLE_ENCODING:
            raise BrokenStream(offset, name, f"encoding {_XBZRLE_ENCODING}", f"encoding {encoding}")
        length = source.read_uint(2, name)
        if length > wire.PAGE_SIZE:
            raise BrokenStream(offset, name, f"a delta of at most {wire.PAGE_SIZE} bytes", f"{length} bytes")
        delta_at = source.offset
        delta = source.read_exact(length, name)
        old = self._contents.get(block, pfn)
        if old is None:
            raise BrokenStream(offset, name, f"page {pfn} of {block} sent in full before", "a delta first")
        try:
            return xbzrle.apply(delta, old), delta
        except xbzrle.DeltaError as error:
            raise BrokenStream(delta_at + error.at, name, error.expected, error.found) from error
