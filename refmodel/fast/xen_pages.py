"""PAGE_DATA at once: entries as an array, and the digest of each page."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from refmodel.fast.buffered import Buffered
from refmodel.fast.columns import Ints, Words
from refmodel.fast.hashing import Hasher, word_of
from refmodel.fast.images import Wanted
from refmodel.oracle.events import Event, Send
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.page_data import read_page_data
from refmodel.oracle.xen.records import Record
from refmodel.oracle.xen.results import BLOCK

__all__ = ["ABSENT", "MIXED", "PageRun", "PagesReader", "word_of_text"]

_OF_TYPE = {kind: word_of(f"type {name}") for kind, name in wire.PAGE_TYPES.items()}
MIXED = np.array([_OF_TYPE.get(kind, 0) if kind else 0 for kind in range(16)], np.uint64)
"""By type: what a page's digest is mixed with, so that pages of two types are never equal."""
ABSENT = word_of(wire.ABSENT)
_BY_NAME = {name: int(MIXED[kind]) for kind, name in wire.PAGE_TYPES.items()}
_KNOWN = np.isin(np.arange(16), list(wire.PAGE_TYPES))
_CARRIES = _KNOWN & ~np.isin(np.arange(16), list(wire.WITHOUT_DATA))


def word_of_text(text: str) -> int:
    """The digest that is written so."""
    name, _, digits = text.partition(":")
    return int(digits, 16) ^ _BY_NAME[name] if digits else ABSENT


@frozen
class PageRun:
    """Entries of one PAGE_DATA record, which has ``of``; ``opens``: the first is the record's first."""

    pfn: Ints
    type: NDArray[np.uint8]
    digest: Words
    offset: Ints
    opens: bool
    of: int

    def event(self, row: int) -> Event:
        """A row as an event."""
        kind = int(self.type[row])
        name = wire.PAGE_TYPES[kind]
        text = f"{name}:{int(self.digest[row] ^ MIXED[kind]):016x}" if _CARRIES[kind] else wire.ABSENT
        return Send(BLOCK, int(self.pfn[row]), text, name, int(self.offset[row]))


class PagesReader:
    """Reads the records PAGE_DATA of a source; with ``wanted``, only the digests of these pages are right."""

    def __init__(self, source: Buffered, hasher: Hasher, wanted: Wanted | None) -> None:
        self._source = source
        self._of = hasher.of
        self._wanted = wanted

    def read(self, same: ByteSource, offset: int, length: int, last: int) -> Iterator[Any]:
        """Yield the record as runs; one that is not as it must be goes through the oracle's reader."""
        source = self._source
        head = source.peek(8 + 8 * wire.MAX_BATCH)
        count = int.from_bytes(head[:4], "little")
        if not 0 < count <= wire.MAX_BATCH or len(head) < 8 + 8 * count:
            yield from _refused(source, offset, length, last)
            return
        entries = np.frombuffer(head, "<u8", count, 8)
        kinds = (entries >> np.uint64(60)).astype(np.uint8)
        pfns = (entries & np.uint64(wire.PFN_MASK)).astype(np.int64)
        carries = _CARRIES[kinds]
        carried = int(carries.sum())
        if not _KNOWN[kinds].all() or pfns.max() > last or length != 8 + 8 * count + wire.PAGE_SIZE * carried:
            yield from _refused(source, offset, length, last)
            return
        start = source.offset + 8
        source.skip(8 + 8 * count)
        yield from self._runs(pfns, kinds, carries, start + 8 * np.arange(count, dtype=np.int64))

    def _runs(self, pfns: Ints, kinds: Any, carries: Any, places: Ints) -> Iterator[Any]:
        """The pages, as many at a time as are in the buffer."""
        source, done, count = self._source, 0, len(pfns)
        where = np.flatnonzero(carries)
        while done < count:
            first = int(np.searchsorted(where, done))
            view = source.window(wire.PAGE_SIZE) if first < len(where) else memoryview(b"")
            held = min(len(view) // wire.PAGE_SIZE, len(where) - first)
            end = int(where[first + held]) if first + held < len(where) else count
            if end > done:
                yield self._run(pfns, kinds, places, slice(done, end), view, where[first : first + held])
                source.skip(held * wire.PAGE_SIZE)
            if end < count and held == 0:
                source.read_exact(wire.PAGE_SIZE, f"pfn {pfns[end]}")  # the input ends here
            done = end

    def _run(self, pfns: Ints, kinds: Any, places: Ints, rows: slice, view: memoryview, where: Any) -> PageRun:
        size, of = wire.PAGE_SIZE, self._of
        digest = np.full(rows.stop - rows.start, ABSENT, np.uint64)
        offset = places[rows].copy()
        if len(where):
            if self._wanted is None:
                whole = (of(view[at : at + size]) for at in range(0, len(where) * size, size))
                words = np.fromiter(whole, np.uint64, len(where))
            else:
                words = np.zeros(len(where), np.uint64)
                for row in map(int, np.flatnonzero(self._wanted(BLOCK, pfns[where]))):
                    words[row] = of(view[row * size : (row + 1) * size])
            digest[where - rows.start] = words ^ MIXED[kinds[where]]
            offset[where - rows.start] = self._source.offset + size * np.arange(len(where))
        return PageRun(pfns[rows], kinds[rows], digest, offset, rows.start == 0, len(pfns))


def _refused(source: Buffered, offset: int, length: int, last: int) -> Iterator[Record]:
    """The oracle's reader says what is wrong."""
    for _ in read_page_data(source, offset, length, last):
        raise AssertionError("refused here and not by the oracle's reader")
    yield from ()
