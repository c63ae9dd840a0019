"""The memory that last contents are compared with: digests from a truth file, or the RAM itself."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import numpy as np
from attrs import frozen

from refmodel.fast.buffered import Buffered
from refmodel.fast.columns import Bools, Code, Columns, Ints, Space
from refmodel.fast.hashing import Hasher, text_of
from refmodel.fast.rows import ROWS, columns_of
from refmodel.oracle.events import Event, Memory
from refmodel.unusable import Unusable

__all__ = ["Image", "Remembered", "Truth", "Wanted"]

Wanted: TypeAlias = Callable[[str, Ints], Bools]
"""Which pages of a block are wanted."""
_PAGE_SIZE = 4096


class Remembered(Protocol):
    """The memory of a side at the cutover."""

    @property
    def is_digested(self) -> bool:
        """It consists of digests by sha256."""

    def columns(self, side: str, number: int, space: Space, hasher: Hasher, wanted: Wanted | None) -> Iterator[Columns]:
        """What is known of that side; the first event has this number."""


@frozen
class Truth:
    """Digests, as ``truth.json`` has them."""

    memory: Sequence[Memory]
    is_digested: bool = True

    def columns(self, side: str, number: int, space: Space, hasher: Hasher, wanted: Wanted | None) -> Iterator[Columns]:
        """Those of the side."""
        known = [memory for memory in self.memory if memory.side == side]
        for start in range(0, len(known), ROWS):
            yield columns_of(known[start : start + ROWS], number + start, space, lambda text: int(text, 16))


@frozen
class Image:
    """A file with the bytes of a block, page after page, as a memory backend of QEMU has them."""

    block: str
    name: str
    opens: Callable[[], AbstractContextManager[Any]]
    side: str = "source"
    is_digested: bool = False

    def columns(self, side: str, number: int, space: Space, hasher: Hasher, wanted: Wanted | None) -> Iterator[Columns]:
        """Every page of the block."""
        if side != self.side:
            return
        if self.block not in space.first:
            raise Unusable(self.name, f"the memory of block {self.block!r}", f"a block of {', '.join(space.names)}")
        pages = space.sizes[space.names.index(self.block)]
        done = 0
        with self.opens() as file:
            source = Buffered(file, self.name)
            while view := source.window(_PAGE_SIZE):
                count = min(len(view) // _PAGE_SIZE, pages + 1 - done, ROWS)
                if count == 0 or done + count > pages:
                    raise Unusable(self.name, f"more than {pages} pages, or part of one", f"{pages} pages")
                yield self._rows(view, side, number, done, count, space, hasher, wanted)
                source.skip(count * _PAGE_SIZE)
                number += count
                done += count
        if done < pages:
            raise Unusable(self.name, f"{done} pages", f"the {pages} pages of block {self.block}")

    def _rows(
        self,
        view: memoryview,
        side: str,
        number: int,
        first: int,
        count: int,
        space: Space,
        hasher: Hasher,
        wanted: Wanted | None,
    ) -> Columns:
        pfn = np.arange(first, first + count, dtype=np.int64)
        of = hasher.of
        if wanted is None:
            whole = (of(view[at : at + _PAGE_SIZE]) for at in range(0, count * _PAGE_SIZE, _PAGE_SIZE))
            digest = np.fromiter(whole, np.uint64, count)
        else:
            digest = np.zeros(count, np.uint64)
            for row in np.flatnonzero(wanted(self.block, pfn)):
                digest[row] = of(view[int(row) * _PAGE_SIZE : (int(row) + 1) * _PAGE_SIZE])

        def event(row: int) -> Event:
            of_side = "source" if side == "source" else "target"
            return Memory(of_side, self.block, first + row, text_of(int(digest[row])))  # type: ignore[arg-type]

        return Columns(
            np.arange(number, number + count, dtype=np.int64),
            np.full(count, Code.MEMORY, np.uint8),
            pfn + space.first[self.block],
            digest,
            np.ones(count, np.bool_),
            np.full(count, side == "target", np.bool_),
            event,
        )
