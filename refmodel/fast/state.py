"""What is kept of each page: 22 bytes, whatever happens to it."""

import numpy as np
from numpy.typing import NDArray

from refmodel.fast.columns import Words
from refmodel.unusable import Unusable

__all__ = ["BYTES_A_PAGE", "Flag", "PageState"]

BYTES_A_PAGE = 22
_MOST_PAGES = 1 << 30
"""4 TiB of pages of 4 KiB: over that, and below by shards."""


class Flag:
    """One bit each."""

    SEEN = np.uint16(1 << 0)
    """An event named it."""
    SENT = np.uint16(1 << 1)
    VARIED = np.uint16(1 << 2)
    """Two records of it carried different contents."""
    STORED = np.uint16(1 << 3)
    KNOWN = np.uint16(1 << 4)
    """Its last store had a digest."""
    SOURCE = np.uint16(1 << 5)
    """The source's memory is known."""
    RELEASED = np.uint16(1 << 6)
    LATE = np.uint16(1 << 7)
    """Its last record came after the pause."""
    NOTHING = np.uint16(1 << 8)
    """Its content is that of a store without a digest: equal to nothing."""
    SETTLED = np.uint16(1 << 9)
    PAID = np.uint16(1 << 10)
    """Not owed."""
    DROPPED = np.uint16(1 << 11)
    """The target dropped it at the switch to post-copy."""
    WANTED = np.uint16(1 << 12)
    """Something was found of it that is to be told."""
    DOUBLE = np.uint16(1 << 13)
    """Named twice among the rows at hand."""


class PageState:
    """The pages from ``first`` to ``end``, as arrays; a page is known here by its distance from ``first``."""

    def __init__(self, where: str, first: int, end: int) -> None:
        pages = end - first
        expected = f"at most {_MOST_PAGES} pages, or shards of them (refmodel fast --shards)"
        if pages > _MOST_PAGES:
            raise Unusable(where, f"{pages} pages to keep state of", expected)
        self.first, self.end, self.pages = first, end, pages
        try:
            # Zeros that were never touched take no memory.
            self.content: Words = np.zeros(pages, np.uint64)
            self.held: Words = np.zeros(pages, np.uint64)
            self.flags: NDArray[np.uint16] = np.zeros(pages, np.uint16)
            self.scratch: NDArray[np.uint32] = np.zeros(pages, np.uint32)
        except MemoryError:
            raise Unusable(where, f"no memory for the state of {pages} pages", expected) from None

    @property
    def size(self) -> int:
        """Bytes that the arrays take."""
        return sum(a.nbytes for a in (self.content, self.held, self.flags, self.scratch))
