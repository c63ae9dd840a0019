"""Memory images (``*.mem``): every frame of a domain that stands still, with its pfn by Xen's M2P and its page type.

Layout, little endian: "XMEMDMP1", u64 max_mfn, u64 n, u32 domid, u32 length of the vCPU's context, the context, n times
{u64 mfn, u64 pfn, u64 type}, n times 4096 bytes. The type stands in bits 31:28; bit 63 is set for a frame that could
not be read.
"""

import struct
from collections.abc import Collection

from attrs import field, frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.page_tables import Canonical, canonical, level_of
from refmodel.oracle.xen.wire import digest, little

__all__ = ["MAGIC", "MemoryImage", "read_image"]

MAGIC = b"XMEMDMP1"

_FRAME = struct.Struct("<3Q")
_UNREADABLE = 1 << 63
_LARGEST_CONTEXT = 1 << 16


@frozen
class MemoryImage:
    """A domain's memory: `digests` are of the pages in the form in which they travel, by pfn.

    `kept` holds the raw bytes of page-table pages and of the pages that were asked for.
    """

    name: str
    domid: int
    context: bytes = field(repr=False)
    m2p: dict[int, int] = field(repr=False)
    types: dict[int, int] = field(repr=False)
    digests: dict[int, str] = field(repr=False)
    kept: dict[int, bytes] = field(repr=False)

    def travelling(self, pfn: int) -> Canonical:
        """Return the kept page `pfn` in the form in which it travels."""
        return canonical(self.kept[pfn], level_of(self.types[pfn]), self.m2p)

    def digest_of(self, pfn: int) -> str | None:
        """Return the page's digest, "absent" where no frame has the pfn, None where the frame could not be read."""
        return self.digests.get(pfn) if pfn in self.types else wire.ABSENT


def read_image(source: ByteSource, keep: Collection[int] = ()) -> MemoryImage:
    """Read an image; the bytes of page-table pages and of the pfns in `keep` stay in memory, of others a digest.

    Raises `UnusableInput` for what is no such image and for two frames of one pfn, `EarlyEnd` when it is cut short.
    """
    if source.read_some(len(MAGIC)) != MAGIC:
        raise UnusableInput(source.name, 0, "no memory image", f"{MAGIC!r} at its start")
    little(source, 8, "max_mfn")
    count, domid, length = little(source, 8, "frame count"), little(source, 4, "domid"), little(source, 4, "context")
    context = source.read_exact(length, "vCPU context", _LARGEST_CONTEXT)
    frames: list[tuple[int, int]] = []
    # A frame of no pfn (INVALID_M2P_ENTRY, SHARED_M2P_ENTRY) does not travel.
    m2p: dict[int, int] = {}
    types: dict[int, int] = {}
    for _ in range(count):
        offset = source.offset
        mfn, pfn, info = _FRAME.unpack(source.read_exact(_FRAME.size, "frame"))
        frames.append((pfn, info))
        if pfn > wire.PFN_MASK:
            continue
        if pfn in types or mfn in m2p:
            raise UnusableInput(source.name, offset, f"a second frame of pfn {pfn:#x} or mfn {mfn:#x}", "one of each")
        m2p[mfn] = pfn
        types[pfn] = info >> 28 & 0xF
    wanted = frozenset(keep)
    image = MemoryImage(source.name, domid, context, m2p, types, {}, {})
    for pfn, info in frames:
        data = source.read_exact(wire.PAGE_SIZE, f"pfn {pfn}")
        if info & _UNREADABLE or pfn > wire.PFN_MASK:
            continue
        level = level_of(types[pfn])
        image.digests[pfn] = digest(types[pfn], canonical(data, level, m2p).data if level else data)
        if level or pfn in wanted:
            image.kept[pfn] = data
    if source.peek(1):
        raise UnusableInput(source.name, source.offset, "bytes after the last frame", f"the end after {count} frames")
    return image
