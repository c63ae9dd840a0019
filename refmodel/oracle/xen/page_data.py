"""PAGE_DATA: up to 1024 entries of type and pfn, then the 4096 bytes of each page that has data, in the same order."""

from collections.abc import Iterator

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.records import Batch, Page
from refmodel.oracle.xen.wire import little

__all__ = ["read_page_data"]


def read_page_data(source: ByteSource, offset: int, length: int, last: int) -> Iterator[Batch | Page]:
    """Yield the record that begins at `offset` with a body of `length` bytes: its head, then its pages one by one.

    `last` is the guest's last pfn. Raises `BrokenStream`. The reserved bits 59:52 of an entry are ignored, as the
    format says that they must be.
    """
    count = little(source, 4, "PAGE_DATA")
    source.read_exact(4, "PAGE_DATA")
    if not 0 < count <= wire.MAX_BATCH:
        raise BrokenStream(offset, "PAGE_DATA", f"1 to {wire.MAX_BATCH} pages", f"{count} pages")
    start = source.offset
    body = source.read_exact(8 * count, "PAGE_DATA entries")
    entries = [int.from_bytes(body[at : at + 8], "little") for at in range(0, len(body), 8)]
    typed = [(entry >> 60, entry & wire.PFN_MASK) for entry in entries]
    for index, (kind, pfn) in enumerate(typed):
        if kind not in wire.PAGE_TYPES:
            raise BrokenStream(start + 8 * index, "PAGE_DATA entry", "a page type", f"the reserved type {kind:#x}")
        if pfn > last:
            raise BrokenStream(start + 8 * index, "PAGE_DATA entry", f"a pfn of at most {last}", f"pfn {pfn}")
    carried = sum(kind not in wire.WITHOUT_DATA for kind, _ in typed)
    expected = 8 + 8 * count + wire.PAGE_SIZE * carried
    if length != expected:
        found = f"a body of {length} bytes"
        raise BrokenStream(offset, "PAGE_DATA", f"{expected} bytes for {count} entries, {carried} with data", found)
    yield Batch(offset, count)
    for index, (kind, pfn) in enumerate(typed):
        if kind in wire.WITHOUT_DATA:
            yield Page(start + 8 * index, pfn, kind, index == 0, None)
        else:
            at = source.offset
            yield Page(at, pfn, kind, index == 0, source.read_exact(wire.PAGE_SIZE, f"pfn {pfn}"))
