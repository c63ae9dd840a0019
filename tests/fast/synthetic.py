"""Migrations of any length that are generated while they are read, and never stored: for speed, and for memory.

A guest of `pages` pages is sent in passes; a page's content in a pass is one of a few templates, so that the bytes cost
one copy through memory, as those of a socket do. `memory` is what the source has in the end.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refmodel.fast.columns import Code, Columns, Control, Feed
from refmodel.fast.images import Image
from refmodel.fast.qemu import QemuReading
from refmodel.fast.xen import XenMemory, XenReading
from refmodel.oracle import events as e
from tests.oracle.qemu_writer import build, encode_all
from tests.oracle.xen import xen_writer

RUN = 255
"""Records of a chunk: one MiB and a little."""
_PAGE = 4096


class Generated:
    """A file of pieces that are made when they are read."""

    def __init__(self, pieces: Iterator[Any]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self.made = 0

    def readinto(self, view: memoryview) -> int:
        done = 0
        while done < len(view):
            if not self._piece:
                try:
                    self._piece = memoryview(next(self._pieces)).cast("B")
                except StopIteration:
                    break
            size = min(len(view) - done, len(self._piece))
            view[done : done + size] = self._piece[:size]
            self._piece = self._piece[size:]
            done += size
        self.made += done
        return done

    def read(self, size: int, /) -> bytes:
        space = bytearray(size)
        return bytes(space[: self.readinto(memoryview(space))])


def _template() -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (RUN, _PAGE), np.uint8)


def _passes(pieces: Any, passes: int, pages: int) -> Iterator[tuple[int, int]]:
    for number in range(passes):
        for first in range(0, pages, RUN):
            yield number, first


def qemu_pieces(pages: int, passes: int) -> Iterator[Any]:
    """A stream of QEMU whose last pass is the stop-and-copy; a record's content depends on its place in the chunk."""
    whole = encode_all(build([("pc.ram", pages * _PAGE)], [[]] * (passes - 1) + [[]], []))
    marker = b"\x7e\0\0\0\2"
    parts = whole.split(marker)
    records = np.zeros(RUN, np.dtype([("head", ">u8"), ("page", np.uint8, _PAGE)]))
    records["page"] = _template()
    for number in range(passes):
        # What comes before this pass's EOS, then its pages, then the EOS.
        head, eos = parts[number + 1][:-8], parts[number + 1][-8:]
        yield (parts[0] + marker if number == 0 else b"") + head
        first = records[0]["page"].tobytes()
        yield (0x8).to_bytes(8, "big") + b"\x06pc.ram" + first
        for start in range(1, pages, RUN):
            count = min(RUN, pages - start)
            records["head"] = (np.arange(start, start + RUN, dtype=np.uint64) << np.uint64(12)) | np.uint64(0x28)
            yield records[:count].view(np.uint8).reshape(-1)
        yield eos + marker
    yield parts[-1]


def qemu_memory(pages: int) -> Iterator[Any]:
    """What the source has: page 0 as the first of the template, then chunks of it."""
    pages_of = _template()
    yield pages_of[0]
    for start in range(1, pages, RUN):
        yield pages_of[: min(RUN, pages - start)].reshape(-1)


def qemu(pages: int, passes: int, memory: Iterator[Any] | None = None) -> tuple[QemuReading, int]:
    """The stream as a reading, with its length."""
    length = sum(len(memoryview(piece).cast("B")) for piece in qemu_pieces(1, passes)) + passes * (pages - 1) * 4104

    def opens() -> AbstractContextManager[Any]:
        return nullcontext(Generated(qemu_pieces(pages, passes)))

    image = Image("pc.ram", "ram", lambda: nullcontext(Generated(memory or qemu_memory(pages))))
    return QemuReading("synthetic", opens, [image], again=False), length


def xen_pieces(pages: int, passes: int) -> Iterator[Any]:
    """A stream of Xen, of a guest without page tables; batches of 1024 pages."""
    batch, frames = 1024, (pages - 1) // 512 + 1
    contents = np.random.default_rng(7).integers(0, 256, (batch, _PAGE), np.uint8).reshape(-1)
    p2m = np.array([0, pages - 1], "<u4").tobytes() + np.zeros(frames, "<u8").tobytes()
    yield xen_writer.libxc_header() + xen_writer.record(2, b"\x08\x04" + bytes(6)) + xen_writer.record(3, p2m)
    for _ in range(passes):
        for start in range(0, pages, batch):
            count = min(batch, pages - start)
            head = np.array([1, 8 + 8 * count + _PAGE * count, count, 0], "<u4").tobytes()
            yield head + np.arange(start, start + count, dtype="<u8").tobytes()
            yield contents[: count * _PAGE]
    yield xen_writer.record(7, bytes(4096)) + xen_writer.record(4, bytes(8 + 5168)) + xen_writer.record(0)
    yield xen_writer.HANDSHAKE


def xen_memory(pages: int) -> Iterator[Any]:
    """What the source has."""
    contents = np.random.default_rng(7).integers(0, 256, (1024, _PAGE), np.uint8).reshape(-1)
    for start in range(0, pages, 1024):
        yield contents[: min(1024, pages - start) * _PAGE]


def xen(pages: int, passes: int) -> tuple[XenReading, int]:
    """The stream as a reading, with its length."""
    raw = XenMemory("source", "ram", True, lambda: nullcontext(Generated(xen_memory(pages))))
    length = passes * (pages * (_PAGE + 8) + -(-pages // 1024) * 16)

    def opens() -> AbstractContextManager[Any]:
        return nullcontext(Generated(xen_pieces(pages, passes)))

    return XenReading("synthetic", opens, [raw], again=False), length


def columns(pages: int, sends: int, rows: int = 1 << 14) -> Feed:
    """A trace in columns: every page once, then runs of pages as a dirty log has them, and the source's memory."""
    draw, number = np.random.default_rng(3), 2
    yield Control(1, e.Begin(1, (e.Block("ram", pages),)))

    def of(code: Code, page: Any) -> Columns:
        nonlocal number
        count = len(page)
        number += count
        digest = (page.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ np.uint64(77)
        numbers = np.arange(number - count, number, dtype=np.int64)
        no = np.zeros(count, np.bool_)

        def event(row: int) -> e.Event:
            raise AssertionError("nothing is to be found")

        return Columns(numbers, np.full(count, code, np.uint8), page, digest, ~no, no, event)

    def through(code: Code) -> Iterator[Columns]:
        for start in range(0, pages, rows):
            yield of(code, np.arange(start, min(pages, start + rows), dtype=np.int64))

    yield from through(Code.SEND)
    for _ in range(pages, sends, rows):
        yield of(Code.SEND, np.sort(draw.integers(0, pages, rows)))
    yield Control(number, e.Pause())
    number += 1
    yield from through(Code.MEMORY)
    yield Control(number, e.Commit())
    yield Control(number + 1, e.Activate())
