"""The RAM blocks of a QEMU stream: the MEM_SIZE record, and the place of a page in its block."""

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.readers.qemu_records import BlockList, RamBlock

MAX_BLOCKS = 4096
MAX_TOTAL = 1 << 46
"""Largest RAM in bytes (64 TiB) that is taken for a size and not for damage."""


class Blocks:
    """The blocks by name with their sizes in bytes; empty until the block list was read."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}

    def read(self, source: ByteSource, offset: int, total: int) -> BlockList:
        """Read the block list after its `total` in bytes, whose record began at `offset`.

        The form is that of QEMU 7.2 migration/ram.c, ram_save_setup. Raises `BrokenStream`.
        """
        if self.sizes:
            raise BrokenStream(offset, "MEM_SIZE", "one block list in a stream", "a second one")
        if not 0 < total <= MAX_TOTAL:
            raise BrokenStream(offset, "MEM_SIZE", f"a total of 1 to {MAX_TOTAL} bytes", f"{total} bytes")
        blocks: dict[str, int] = {}
        left = total
        while left:
            at = source.offset
            name = wire.read_name(source, "RAM block name")
            length = source.read_uint(8, "RAM block length")
            record = f"RAM block {name}"
            if name in blocks:
                raise BrokenStream(at, "MEM_SIZE", "each RAM block once", f"a second block {name}")
            if not length or length % wire.PAGE_SIZE:
                raise BrokenStream(at, record, "a whole number of pages of 4096 bytes", f"{length} bytes")
            if length > left:
                more = f"{length - left} more"
                raise BrokenStream(at, record, f"blocks that add up to the total of {total} bytes", more)
            if len(blocks) == MAX_BLOCKS:
                raise BrokenStream(at, "MEM_SIZE", f"at most {MAX_BLOCKS} RAM blocks", "more")
            blocks[name] = length
            left -= length
        self.sizes = blocks
        listed = tuple(RamBlock(name, length) for name, length in blocks.items())
        return BlockList(offset, source.offset - offset, total, listed)

    def place(self, offset: int, record: str, block: str, address: int) -> int:
        """Return the pfn of `address` (bytes) in `block`. Raises `BrokenStream`, at `offset`, where there is none."""
        if block not in self.sizes:
            raise BrokenStream(offset, record, "a RAM block of the block list", f"block {block!r}")
        length = self.sizes[block]
        if address >= length:
            raise BrokenStream(offset, record, f"an address inside {block} of {length} bytes", f"address {address:#x}")
        if address % wire.PAGE_SIZE:
            raise BrokenStream(offset, record, "the address of a page of 4096 bytes", f"address {address:#x}")
        return address // wire.PAGE_SIZE
