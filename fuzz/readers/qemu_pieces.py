"""Where the records of a QEMU stream lie, and what each page was sent as last: a second, small reader of the format.

It trusts everything and complains of nothing: bytes that are no record are pieces too, so that the pieces of any input
joined are the input. It shares no code with the project's readers, which makes it a witness against them.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Piece", "channel_pieces", "last_contents", "stream_pieces"]

_PACKET = 320 + 8 * 128
_ROUGH = 64


class Piece(NamedTuple):
    """A record from ``start`` to ``end``; of a page its place, the kind's flag, and where its payload begins."""

    start: int
    end: int
    flag: int = 0
    block: bytes = b""
    pfn: int = -1
    body: int = 0


def _u(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def stream_pieces(data: bytes) -> Iterator[Piece]:
    """The records of the main channel."""
    at, end, block = min(8, len(data)), len(data), b""
    if at:
        yield Piece(0, at)
    in_ram = False
    while at < end:
        start, kind = at, data[at]
        if in_ram:
            word = _u(data, at, 8)
            flag = word & 0xFDF
            at += 8
            if flag == 4:
                yield Piece(start, min(at, end))
                left = word & ~0xFFF
                while left > 0 and at < end:
                    start, size = at, data[at] + 9
                    left -= _u(data, at + size - 8, 8) or left
                    at += size
                    yield Piece(start, min(at, end))
                continue
            if flag in (2, 8, 0x40, 0x100):
                if not word & 0x20 and at < end:
                    block = data[at + 1 : at + 1 + data[at]]
                    at += 1 + data[at]
                head = {0x40: 3, 0x100: 4}.get(flag, 0)
                size = {2: 1, 8: 4096, 0x40: _u(data, at + 1, 2), 0x100: _u(data, at, 4)}[flag]
                body, at = at + head, min(at + head + size, end)
                yield Piece(start, at, flag, block, word >> 12, body)
                continue
            in_ram = flag == 0x200
            yield Piece(start, min(at, end))
            continue
        sizes = {0: 1, 0x7E: 5, 2: 5, 3: 5}
        if kind in sizes:
            at += sizes[kind]
        elif kind == 1:
            at += 14 + _u(data, at + 5, 1)
        elif kind == 8:
            at += 5 + _u(data, at + 3, 2)
        elif kind in (6, 7):
            at += 5 + _u(data, at + 1, 4)
        elif kind == 4:
            footer = data.find(b"\x7e" + data[at + 1 : at + 5], at + 5)
            at = footer if footer > 0 else at + _ROUGH
        else:
            at += _ROUGH
        at = min(at, end)
        in_ram = kind in (1, 2, 3)
        yield Piece(start, at)
        if kind == 8 and _u(data, start + 1, 2) == 7:  # a package is opaque: nothing tells where its devices end
            start, at = at, min(at + _u(data, start + 5, 4), end)
            yield Piece(start, at)


def channel_pieces(data: bytes) -> Iterator[Piece]:
    """The packets of a multifd channel; the pages of each one by one after it."""
    at, end = min(64, len(data)), len(data)
    if at:
        yield Piece(0, at)
    while at < end:
        start, pages = at, min(_u(data, at + 16, 4), 128)
        places = data[at + 320 : at + _PACKET].ljust(1024, b"\0")
        block = data[at + 64 : at + 320].split(b"\0")[0]
        at = min(at + _PACKET, end)
        yield Piece(start, at)
        for address in struct.unpack(">128Q", places)[:pages]:
            start, at = at, min(at + 4096, end)
            if start < at:
                yield Piece(start, at, 8, block, address >> 12, start)


def last_contents(stream: bytes, channels: list[bytes]) -> dict[tuple[str, int], bytes]:
    """What each page was sent as last; without pages that take more than these lines to say (deltas, two copies)."""
    found: dict[tuple[str, int], bytes] = {}
    unsure: set[tuple[str, int]] = set()
    for piece in stream_pieces(stream):
        if piece.pfn < 0:
            continue
        page, body = (piece.block.decode("latin-1"), piece.pfn), stream[piece.body : piece.end]
        unsure.discard(page)
        if piece.flag == 2:
            found[page] = body * 4096
        elif piece.flag == 8:
            found[page] = body
        elif piece.flag == 0x100:
            try:
                found[page] = zlib.decompress(body)
            except zlib.error:
                unsure.add(page)
        else:
            unsure.add(page)
    for data in channels:
        for piece in channel_pieces(data):
            page = (piece.block.decode("latin-1"), piece.pfn)
            if piece.pfn >= 0 and found.setdefault(page, data[piece.body : piece.end]) != data[piece.body : piece.end]:
                unsure.add(page)
    return {page: data for page, data in found.items() if page not in unsure}
