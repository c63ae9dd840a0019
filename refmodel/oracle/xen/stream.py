"""The reader of libxc's stream, version 3, of an x86 PV guest."""

from collections.abc import Callable, Iterator

from refmodel.oracle.readers.bytesource import MAX_READ, ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.page_data import read_page_data
from refmodel.oracle.xen.records import (
    End,
    ImageHeader,
    Opaque,
    P2mFrames,
    PvInfo,
    Record,
    SharedInfo,
    TscInfo,
    Vcpu,
    Verify,
)
from refmodel.oracle.xen.wire import little

__all__ = ["Pages", "read_libxc"]

_ENTRIES_A_FRAME = wire.PAGE_SIZE // 8
_VCPU_PARTS = {
    wire.VCPU_BASIC: "basic",
    wire.VCPU_EXTENDED: "extended",
    wire.VCPU_XSAVE: "xsave",
    wire.VCPU_MSRS: "msrs",
}


Pages = Callable[[ByteSource, int, int, int], Iterator[Record]]
"""What reads a PAGE_DATA record: of the source, its offset, its length, and the guest's last pfn."""


def read_libxc(source: ByteSource, read_pages: Pages = read_page_data) -> Iterator[Record]:
    """Yield the records of libxc's stream, from its marker to its END. Raises like `wrapper.read_stream`."""
    yield _read_header(source)
    p2m: P2mFrames | None = None
    pages = basic = shared = verify = False
    while True:
        offset = source.offset
        kind, length = little(source, 4, "record"), little(source, 4, "record")
        match kind:
            case wire.PAGE_DATA | wire.VERIFY if basic or shared or (verify and kind == wire.VERIFY):
                raise BrokenStream(offset, "record", "pages and one VERIFY before SHARED_INFO", f"{kind:#x}")
            case wire.PAGE_DATA if p2m is not None:
                pages = True
                yield from read_pages(source, offset, length, p2m.last)
            case wire.PAGE_DATA:
                raise BrokenStream(offset, "record", "X86_PV_P2M_FRAMES before the first PAGE_DATA", "PAGE_DATA")
            case wire.END:
                _need_length(offset, "END", length, 0)
                for there, what in ((pages, "PAGE_DATA"), (shared, "SHARED_INFO"), (basic, "X86_PV_VCPU_BASIC")):
                    if not there:
                        raise BrokenStream(offset, "END", f"a record {what} before it", "none")
                yield End(offset)
                return
            case _:
                record = _read_other(source, offset, kind, length)
                if isinstance(record, P2mFrames):
                    if p2m is not None:
                        raise BrokenStream(offset, "X86_PV_P2M_FRAMES", "one such record", "a second one")
                    p2m = record
                verify |= isinstance(record, Verify)
                basic |= isinstance(record, Vcpu) and record.part == "basic"
                shared |= isinstance(record, SharedInfo)
                yield record


def _read_header(source: ByteSource) -> ImageHeader:
    offset = source.offset
    found = source.read_exact(12, "libxc header")
    if found != wire.MARKER + wire.LIBXC_ID:
        raise BrokenStream(offset, "libxc header", "eight bytes ff, then XENF", found.hex(" "))
    version = source.read_uint(4, "libxc header")
    if version != wire.LIBXC_VERSION:
        raise NotReadYet(source.name, offset + 12, f"libxc stream version {version}", f"version {wire.LIBXC_VERSION}")
    if source.read_uint(2, "libxc header") & 1:
        raise NotReadYet(source.name, offset + 16, "a big-endian libxc stream", "a little-endian one")
    source.read_exact(6, "libxc header")
    start = source.offset
    kind, shift = little(source, 4, "domain header"), little(source, 2, "domain header")
    source.read_exact(2, "domain header")
    major, minor = little(source, 4, "domain header"), little(source, 4, "domain header")
    if kind != wire.X86_PV:
        raise NotReadYet(source.name, start, f"domain type {kind}", "type 1 (x86 PV)")
    if shift != wire.PAGE_SHIFT:
        raise BrokenStream(start, "domain header", f"page shift {wire.PAGE_SHIFT}", f"{shift}")
    return ImageHeader(offset, major, minor)


def _need_length(offset: int, name: str, length: int, expected: int) -> None:
    if length != expected:
        raise BrokenStream(offset, name, f"a body of {expected} bytes", f"one of {length}")


def _read_other(source: ByteSource, offset: int, kind: int, length: int) -> Record:
    """Read a record other than PAGE_DATA and END, with its padding, which is to be ignored."""
    readers: dict[int, Callable[[int, bytes], Record]] = {
        wire.PV_INFO: _pv_info,
        wire.P2M_FRAMES: _p2m_frames,
        wire.SHARED_INFO: _shared_info,
        wire.TSC_INFO: _tsc_info,
        wire.VERIFY: _verify,
    }
    if kind in readers or kind in _VCPU_PARTS:
        data = source.read_exact(length, "record body", MAX_READ)
        source.read_exact(-length % 8, "record padding")
        return readers[kind](offset, data) if kind in readers else _vcpu(offset, kind, data)
    if kind in wire.NOT_READ:
        raise NotReadYet(source.name, offset, f"record {wire.NOT_READ[kind]}", "the records of a PV migration")
    if not kind & wire.OPTIONAL and kind not in (wire.STATIC_DATA_END, wire.CPUID_POLICY, wire.MSR_POLICY):
        raise NotReadYet(source.name, offset, f"mandatory record type {kind:#x}", "a type that version 3 defines")
    left = length + -length % 8
    while left:
        piece = source.read_some(min(left, 1 << 16))
        if not piece:
            raise EarlyEnd(offset, f"record type {kind:#x}", f"{left} more bytes", "the end of the stream")
        left -= len(piece)
    return Opaque(offset, kind, length)


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _pv_info(offset: int, data: bytes) -> PvInfo:
    _need_length(offset, "X86_PV_INFO", len(data), 8)
    if (data[0], data[1]) != (8, 4):
        raise BrokenStream(offset, "X86_PV_INFO", "a guest of width 8 with 4 levels", f"{data[0]} with {data[1]}")
    return PvInfo(offset, data[0], data[1])


def _p2m_frames(offset: int, data: bytes) -> P2mFrames:
    first, last = _number(data, 0, 4), _number(data, 4, 4)
    frames = tuple(_number(data, at, 8) for at in range(8, len(data), 8))
    if len(data) < 8 or first > last or first:
        raise BrokenStream(offset, "X86_PV_P2M_FRAMES", "pfns from 0 up", f"{first} to {last}")
    _need_length(offset, "X86_PV_P2M_FRAMES", len(data), 8 + 8 * (last // _ENTRIES_A_FRAME + 1))
    if strange := [frame for frame in frames if frame > last]:
        raise BrokenStream(offset, "X86_PV_P2M_FRAMES", f"pfns of at most {last}", f"pfn {strange[0]}")
    return P2mFrames(offset, first, last, frames)


def _shared_info(offset: int, data: bytes) -> SharedInfo:
    _need_length(offset, "SHARED_INFO", len(data), wire.PAGE_SIZE)
    return SharedInfo(offset, data)


def _tsc_info(offset: int, data: bytes) -> TscInfo:
    _need_length(offset, "X86_TSC_INFO", len(data), 24)
    return TscInfo(offset, _number(data, 0, 4), _number(data, 4, 4), _number(data, 8, 8), _number(data, 16, 4))


def _verify(offset: int, data: bytes) -> Verify:
    _need_length(offset, "VERIFY", len(data), 0)
    return Verify(offset)


def _vcpu(offset: int, kind: int, data: bytes) -> Vcpu:
    if len(data) <= 8:
        raise BrokenStream(offset, f"vCPU record {_VCPU_PARTS[kind]}", "a context after 8 bytes", f"{len(data)} bytes")
    return Vcpu(offset, _VCPU_PARTS[kind], _number(data, 0, 4), data[8:])
