"""The body of the RAM sections of a QEMU stream: the block list, then pages, each body ended by EOS."""

from collections.abc import Iterator
from functools import lru_cache

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet
from refmodel.oracle.readers.qemu_records import BlockList, EndOfSection, Page, PageKind, RamBlock, Section

MAX_BLOCKS = 4096
MAX_TOTAL = 1 << 46
"""Largest RAM in bytes (64 TiB) that is taken for a size and not for damage."""


@lru_cache(maxsize=256)
def _filled(fill: int) -> tuple[bytes, str]:
    data = bytes([fill]) * wire.PAGE_SIZE
    return data, wire.digest(data)


class RamReader:
    """Reads RAM section bodies from `source`.

    The blocks, and the block that the next record continues, live from one section to the next.
    """

    def __init__(self, source: ByteSource, keep_bytes: bool) -> None:
        self._source = source
        self._keep_bytes = keep_bytes
        self._blocks: dict[str, int] = {}
        self._current: str | None = None

    def read_body(self, section: Section) -> Iterator[BlockList | Page | EndOfSection]:
        """Yield the records of the body of `section` up to and with its EOS (QEMU 7.2 migration/ram.c, ram_load).

        Raises `BrokenStream`, and `NotReadYet` for record kinds that this version does not read.
        """
        source = self._source
        while True:
            offset = source.offset
            word = source.read_uint(8, "RAM record")
            flags = word & (wire.PAGE_SIZE - 1)
            address = word - flags
            kind = flags & ~wire.RAM_CONTINUE
            if kind in (wire.RAM_PAGE, wire.RAM_ZERO):
                yield self._read_page(section, offset, address, flags)
            elif kind in wire.RAM_NOT_READ:
                raise NotReadYet(
                    source.name, offset, f"record {wire.RAM_NOT_READ[kind]}", "MEM_SIZE, ZERO, PAGE or EOS records"
                )
            elif flags == wire.RAM_MEM_SIZE:
                yield self._read_blocks(offset, address)
            elif flags == wire.RAM_EOS:
                if address:
                    raise BrokenStream(offset, "EOS", "no address", f"address {address:#x}")
                yield EndOfSection(offset, source.offset - offset, section.kind, section.ordinal)
                return
            else:
                raise BrokenStream(offset, "RAM record", "flags of one record kind", f"flags {flags:#05x}")

    def _read_blocks(self, offset: int, total: int) -> BlockList:
        """Read the block list after its total (QEMU 7.2 migration/ram.c, ram_save_setup)."""
        source = self._source
        if self._blocks:
            raise BrokenStream(offset, "MEM_SIZE", "one block list in a stream", "a second one")
        if not 0 < total <= MAX_TOTAL:
            raise BrokenStream(offset, "MEM_SIZE", f"a total of 1 to {MAX_TOTAL} bytes", f"{total} bytes")
        blocks: dict[str, int] = {}
        left = total
        while left:
            at = source.offset
            name = wire.read_name(source, "RAM block name")
            length = source.read_uint(8, "RAM block length")
            if name in blocks:
                raise BrokenStream(at, "MEM_SIZE", "each RAM block once", f"a second block {name}")
            if not length or length % wire.PAGE_SIZE:
                raise BrokenStream(at, f"RAM block {name}", "a whole number of pages of 4096 bytes", f"{length} bytes")
            if length > left:
                raise BrokenStream(
                    at,
                    f"RAM block {name}",
                    f"blocks that add up to the total of {total} bytes",
                    f"{length - left} more",
                )
            if len(blocks) == MAX_BLOCKS:
                raise BrokenStream(at, "MEM_SIZE", f"at most {MAX_BLOCKS} RAM blocks", "more")
            blocks[name] = length
            left -= length
        self._blocks = blocks
        listed = tuple(RamBlock(name, length) for name, length in blocks.items())
        return BlockList(offset, source.offset - offset, total, listed)

    def _read_page(self, section: Section, offset: int, address: int, flags: int) -> Page:
        """Read the rest of a PAGE or ZERO record (QEMU 7.2 migration/ram.c, save_page_header)."""
        source = self._source
        continued = bool(flags & wire.RAM_CONTINUE)
        kind = PageKind.PAGE if flags & wire.RAM_PAGE else PageKind.ZERO
        if not continued:
            self._current = wire.read_name(source, "RAM block name")
        block = self._current
        if block is None:
            raise BrokenStream(offset, f"record {kind.name}", "a RAM block named before CONTINUE", "none named yet")
        if block not in self._blocks:
            raise BrokenStream(offset, f"record {kind.name}", "a RAM block of the block list", f"block {block!r}")
        length = self._blocks[block]
        if address >= length:
            raise BrokenStream(
                offset, f"record {kind.name}", f"an address inside {block} of {length} bytes", f"address {address:#x}"
            )
        fill: int | None = None
        if kind is PageKind.ZERO:
            fill = source.read_uint(1, "record ZERO")
            data, page_digest = _filled(fill)
        else:
            data = source.read_exact(wire.PAGE_SIZE, "record PAGE")
            page_digest = wire.digest(data)
        return Page(
            offset=offset,
            length=source.offset - offset,
            section=section.kind,
            ordinal=section.ordinal,
            section_id=section.section_id,
            block=block,
            pfn=address // wire.PAGE_SIZE,
            kind=kind,
            continued=continued,
            digest=page_digest,
            fill=fill,
            data=data if self._keep_bytes else None,
        )
