"""Where the records of Xen's files lie, and what each page was sent as last: a second, small reader of the formats.

As in ``qemu_pieces``: it trusts everything, complains of nothing, and shares no code with the project's readers.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

__all__ = ["Piece", "image_pages", "image_pieces", "last_contents", "stream_pieces", "table_pieces", "trace_pieces"]

_TYPES_WITHOUT_DATA = (0xD, 0xE, 0xF)


class Piece(NamedTuple):
    """A piece from ``start`` to ``end``; of a page its pfn, its type, and whether these are its bytes."""

    start: int
    end: int
    kind: int = -1
    pfn: int = -1
    type: int = 0


def _u(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _spans(cuts: list[int], data: bytes) -> Iterator[Piece]:
    """The pieces between the cuts, and what is left after the last."""
    for start, end in pairwise([*(min(cut, len(data)) for cut in cuts), len(data)]):
        if start < end:
            yield Piece(start, end)


def stream_pieces(data: bytes) -> Iterator[Piece]:
    """The records; a PAGE_DATA record as its head, its entries, its pages."""
    marker = data.find(b"\xff" * 8 + b"XENF")
    at, end = (marker if marker >= 0 else 0), len(data)
    yield from _spans(sorted(max(0, cut) for cut in (0, 32, 48, 52, at - 24, at - 8)), data[:at])
    yield from _spans([at, at + 24], data[: at + 40])
    at = min(at + 40, end)
    while at < end:
        kind, size = _u(data, at, 4), _u(data, at + 4, 4)
        if kind != 1:
            start, at = at, min(at + 8 + size + -size % 8, end)
            yield Piece(start, at, kind)
            continue
        count = min(_u(data, at + 8, 4), 1024)
        entries = [_u(data, where, 8) for where in range(at + 16, min(at + 16 + 8 * count, end), 8)]
        yield Piece(at, min(at + 16, end), 1)
        for where in range(at + 16, min(at + 16 + 8 * count, end), 8):
            yield Piece(where, min(where + 8, end), 1)
        at = min(at + 16 + 8 * count, end)
        for entry in entries:
            size = 0 if entry >> 60 in _TYPES_WITHOUT_DATA else 4096
            start, at = at, min(at + size, end)
            if start < at or not size:
                yield Piece(start, at, 1, entry & (1 << 52) - 1, entry >> 60)


def last_contents(data: bytes) -> dict[int, tuple[int, bytes]]:
    """Each page's type and bytes as it was sent last; none where it was sent without."""
    found: dict[int, tuple[int, bytes]] = {}
    for piece in stream_pieces(data):
        if piece.kind == 0xD:
            break
        if piece.pfn >= 0:
            found[piece.pfn] = (piece.type, data[piece.start : piece.end])
    return found


def _image_head(data: bytes) -> tuple[int, int]:
    return 32 + _u(data, 28, 4), min(_u(data, 16, 8), len(data) // 24)


def image_pieces(data: bytes) -> Iterator[Piece]:
    """A memory image: its head, the context, each frame's row, each page."""
    at, count = _image_head(data)
    rows = [at + 24 * row for row in range(count + 1)]
    return _spans([0, 8, 32, *rows, *(rows[-1] + 4096 * page for page in range(1, count))], data)


def image_pages(data: bytes) -> dict[int, tuple[int, bytes]]:
    """The type and the bytes of each page of an image, by pfn."""
    at, count = _image_head(data)
    found = {}
    for row in range(count):
        pfn, info = _u(data, at + 24 * row + 8, 8), _u(data, at + 24 * row + 16, 8)
        where = at + 24 * count + 4096 * row
        if not info >> 63:
            found[pfn] = (info >> 28 & 0xF, data[where : where + 4096])
    return found


def table_pieces(data: bytes) -> Iterator[Piece]:
    """Recorded frames: the number of each, and its bytes."""
    sizes = [8] + [8, 4096] * (len(data) // 4104 + 1)
    return _spans([0, *accumulate(sizes)], data)


def trace_pieces(data: bytes) -> Iterator[Piece]:
    """xentrace's records."""
    cuts = [0]
    while cuts[-1] < len(data):
        header = _u(data, cuts[-1], 4)
        cuts.append(cuts[-1] + 4 + 8 * (header >> 31) + 4 * (header >> 28 & 7))
    return _spans(cuts, data)
