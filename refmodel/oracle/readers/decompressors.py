"""zstd, xz and gzip as generators of decompressed pieces of bounded size.

Every piece is bounded whatever the input expands to, so a decompression bomb costs time, not memory. A member that is
cut short raises `CutShortError`: most file interfaces of these libraries would report it as an ordinary end of file.
"""

import lzma
import zlib
from collections.abc import Callable, Iterator

import zstandard

PIECE = 64 * 1024
"""Bytes read at a time, and the most that xz and gzip return at a time."""

MEMORY = 128 * 1024 * 1024
"""Limit in bytes of what an xz dictionary or a zstd window may ask for (`xz -9`: 64 MiB, `zstd --long`: 128 MiB)."""

# The zstd object has no output limit. A block of 4 bytes can stand for 128 KiB (RFC 8878, RLE_Block and
# Block_Maximum_Size), so 1 KiB of input is at most 32 MiB of output.
_ZSTD_INPUT = 1024

Read = Callable[[int], bytes]


class CutShortError(Exception):
    """The compressed data ends inside a member."""


class CorruptError(Exception):
    """The compressed data cannot be decompressed; the text says why."""


def zstd_pieces(read: Read) -> Iterator[bytes]:
    """Decompress zstd frames, one after the other, to the end of the input. Raises `CutShortError`, `CorruptError`."""
    context = zstandard.ZstdDecompressor(max_window_size=MEMORY)
    frame = None
    while data := read(_ZSTD_INPUT):
        while data:
            if frame is None:
                frame = context.decompressobj()
            try:
                piece = frame.decompress(data)
            except zstandard.ZstdError as error:
                raise CorruptError(str(error)) from error
            data = b""
            if frame.eof:
                data = frame.unused_data
                frame = None
            if piece:
                yield piece
    if frame is not None:
        raise CutShortError


def xz_pieces(read: Read) -> Iterator[bytes]:
    """Decompress xz streams, one after the other, to the end of the input. Raises `CutShortError`, `CorruptError`."""
    data = read(PIECE)
    while data:
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)
        while not stream.eof:
            try:
                piece = stream.decompress(data, PIECE)
            except lzma.LZMAError as error:
                raise CorruptError(str(error)) from error
            data = b""
            if piece:
                yield piece
            if stream.needs_input and not stream.eof and not (data := read(PIECE)):
                raise CutShortError
        data = _next_member(stream.unused_data, read)


def gzip_pieces(read: Read) -> Iterator[bytes]:
    """Decompress gzip members, one after the other, to the end of the input. Raises `CutShortError`, `CorruptError`."""
    data = read(PIECE)
    while data:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        while not member.eof:
            try:
                piece = member.decompress(data, PIECE)
            except zlib.error as error:
                raise CorruptError(str(error)) from error
            data = member.unconsumed_tail
            if piece:
                yield piece
            elif not member.eof and not data and not (data := read(PIECE)):
                raise CutShortError
        data = _next_member(member.unused_data, read)


def _next_member(data: bytes, read: Read) -> bytes:
    """Return the input from the next member on; both formats allow zero bytes of padding between members."""
    while not (data := data.lstrip(b"\0")):
        if not (data := read(PIECE)):
            return b""
    return data
