"""What lies around libxc's stream: xl's header, libxl's wrapper of version 2, and xl's handshake text at the end."""

from collections.abc import Iterator

import orjson

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet, UnusableInput
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.page_data import read_page_data
from refmodel.oracle.xen.records import Handshake, LibxlEnd, LibxlHeader, Record, XlHeader
from refmodel.oracle.xen.stream import Pages, read_libxc
from refmodel.oracle.xen.wire import little

__all__ = ["looks_like_xen", "read_stream"]


def looks_like_xen(start: bytes) -> bool:
    """Whether an input that begins so (12 bytes are enough) is a Xen migration stream or a saved domain."""
    known = (wire.XL_MAGIC[:12], wire.LIBXL_MAGIC, wire.MARKER + wire.LIBXC_ID)
    return any(start.startswith(magic) for magic in known)


def read_stream(source: ByteSource, read_pages: Pages = read_page_data) -> Iterator[Record]:
    """Yield the records of the stream in `source`, in order, to its last byte; the wrappers may be missing.

    `read_pages` reads the records PAGE_DATA. One page is held at a time. Raises `UnusableInput` for bytes that are no
    such stream and for what is not read (`NotReadYet`), and `BrokenStream` where the structure breaks (`EarlyEnd`: it
    ends before its end marker).
    """
    if not looks_like_xen(source.peek(12)):
        raise UnusableInput(source.name, source.offset, "no Xen stream", "xl's header, LibxlFmt, or libxc's marker")
    if source.peek(12) == wire.XL_MAGIC[:12]:
        yield _read_xl(source)
    if source.peek(8) == wire.MARKER:
        yield from read_libxc(source, read_pages)
    else:
        yield from _read_libxl(source, read_pages)
    yield from _read_handshake(source)


def _read_xl(source: ByteSource) -> XlHeader:
    offset = source.offset
    magic = source.read_exact(len(wire.XL_MAGIC), "xl header")
    if magic != wire.XL_MAGIC:
        raise BrokenStream(offset, "xl header", repr(wire.XL_MAGIC), repr(magic))
    order, mandatory, _, length = (little(source, 4, "xl header") for _ in range(4))
    if order != wire.XL_BYTE_ORDER:
        raise BrokenStream(offset + 32, "xl header", f"byte order {wire.XL_BYTE_ORDER:#010x}", f"{order:#010x}")
    if mandatory != wire.XL_JSON | wire.XL_STREAM_V2:
        raise NotReadYet(source.name, offset + 36, f"xl's mandatory flags {mandatory:#x}", "flags 0x3")
    start = source.offset
    size = little(source, 4, "domain configuration")
    if size + 4 > length:
        raise BrokenStream(start, "domain configuration", f"at most {length - 4} bytes", f"{size} bytes")
    config = source.read_exact(size, "domain configuration")
    source.read_exact(length - size - 4, "xl's optional data")
    try:
        known = orjson.loads(config.rstrip(b"\0"))
    except orjson.JSONDecodeError as error:
        raise BrokenStream(start, "domain configuration", "JSON", f"no JSON ({error.msg})") from None
    if not isinstance(known, dict):
        raise BrokenStream(start, "domain configuration", "a JSON object", type(known).__name__)
    return XlHeader(offset, mandatory, config)


def _read_libxl(source: ByteSource, read_pages: Pages) -> Iterator[Record]:
    offset = source.offset
    magic = source.read_exact(8, "libxl header")
    if magic != wire.LIBXL_MAGIC:
        raise BrokenStream(offset, "libxl header", repr(wire.LIBXL_MAGIC), repr(magic))
    version, options = source.read_uint(4, "libxl header"), source.read_uint(4, "libxl header")
    if version != wire.LIBXL_VERSION:
        raise NotReadYet(source.name, offset + 8, f"libxl stream version {version}", f"version {wire.LIBXL_VERSION}")
    if options & 1:
        raise NotReadYet(source.name, offset + 12, "a big-endian libxl stream", "a little-endian one")
    yield LibxlHeader(offset, options)
    memory = False
    while True:
        offset = source.offset
        kind, length = little(source, 4, "libxl record"), little(source, 4, "libxl record")
        if kind == wire.LIBXL_LIBXC_CONTEXT and not memory and length == 0:
            memory = True
            yield from read_libxc(source, read_pages)
        elif kind == wire.LIBXL_END and memory and length == 0:
            yield LibxlEnd(offset)
            return
        elif kind & wire.OPTIONAL:
            _skip(source, length + -length % 8)
        elif kind in wire.LIBXL_NOT_READ:
            name = wire.LIBXL_NOT_READ[kind]
            raise NotReadYet(source.name, offset, f"libxl record {name}", "LIBXC_CONTEXT and END, as a PV guest has")
        else:
            expected = "END of length 0" if memory else "LIBXC_CONTEXT of length 0"
            raise BrokenStream(offset, "libxl record", expected, f"type {kind:#x} of length {length}")


def _skip(source: ByteSource, length: int) -> None:
    """Skip an optional record, piece by piece."""
    start = source.offset
    while length:
        piece = source.read_some(min(length, 1 << 16))
        if not piece:
            raise EarlyEnd(start, "optional record", f"{length} more bytes", "the end of the stream")
        length -= len(piece)


def _read_handshake(source: ByteSource) -> Iterator[Record]:
    offset = source.offset
    found = source.read_some(len(wire.HANDSHAKE) + 1)
    while found and len(found) <= len(wire.HANDSHAKE) and (more := source.read_some(1)):
        found += more
    if found == wire.HANDSHAKE:
        yield Handshake(offset)
    elif found and wire.HANDSHAKE.startswith(found):
        raise EarlyEnd(offset, "handshake", repr(wire.HANDSHAKE), f"the end of the stream after {len(found)} bytes")
    elif found:
        raise BrokenStream(offset, "handshake", f"{wire.HANDSHAKE!r} or the end of the stream", repr(found[:44]))
