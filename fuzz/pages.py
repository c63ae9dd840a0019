"""What is known of each page of a state, all pages at once: their codes side by side in one integer.

Each function here makes one of states, which puts its bits into every page's code from some bit on. What it comes to
for the values that it reads is remembered.
"""

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from attrs import frozen

__all__ = ["Places", "equal", "is_member", "mapped", "members", "spread", "writable"]

_remembered = lru_cache(1 << 14)
_Of = Callable[[Any], int]


@frozen
class Places:
    """Where the codes lie: behind so many bits, each of this width."""

    first: int
    width: int

    def of(self, page: int) -> int:
        """The lowest bit of a page's code."""
        return self.first + self.width * page


def spread(places: Places, at: int, path: str) -> _Of:
    """A bit: whether the page is a member of a set of pages."""
    get = attrgetter(f"{path}.bits")

    @_remembered
    def of(bits: int) -> int:
        return sum(1 << places.of(page) + at for page in range(bits.bit_length()) if bits >> page & 1)

    return lambda m: of(get(m))


def members(places: Places, at: int, path: str, page_first: bool, most: int) -> _Of:
    """Two bits: how many pairs of a set have the page, up to so many."""
    get = attrgetter(path)

    @_remembered
    def of(bits: int, rows: int, columns: int) -> int:
        if page_first:
            counts = [(bits >> columns * page & (1 << columns) - 1).bit_count() for page in range(rows)]
        else:
            column = sum(1 << columns * row for row in range(rows))
            counts = [(bits >> page & column).bit_count() for page in range(columns)]
        return sum(min(count, most) << places.of(page) + at for page, count in enumerate(counts))

    def count(m: Any) -> int:
        pairs = get(m)
        return of(pairs.bits, *pairs.shape)

    return count


def is_member(places: Places, at: int, path: str) -> _Of:
    """A bit: whether a map holds the page anywhere."""
    get = attrgetter(f"{path}.cells")

    @_remembered
    def of(cells: tuple[int, ...]) -> int:
        return sum(1 << places.of(page) + at for page in set(cells))

    return lambda m: of(get(m))


def equal(places: Places, at: int) -> _Of:
    """A bit: whether each word of the page is at the target what it is at the source."""

    def of(m: Any) -> int:
        pages, words = m.source.memory.shape
        source, target = m.source.memory.cells, m.target.memory.cells
        found, bit, first = 0, 1 << places.of(0) + at, 0
        for _ in range(pages):
            if source[first : first + words] == target[first : first + words]:
                found |= bit
            bit <<= places.width
            first += words
        return found

    return of


def mapped(places: Places, at: int) -> _Of:
    """Three bits: whether shadow entries that name the page are present, writable, out of sync."""

    @_remembered
    def of(present: int, may_write: int, unsynced: int, frames: tuple[int, ...]) -> int:
        found = 0
        for entry, page in enumerate(frames):
            if present >> entry & 1:
                found |= (1 | (may_write >> entry & 1) << 1 | (unsynced >> entry & 1) << 2) << places.of(page) + at
        return found

    def ask(m: Any) -> int:
        shadow = m.shadow
        return of(shadow.present.bits, shadow.writable.bits, shadow.unsynced.bits, shadow.frame.cells)

    return ask


def writable(places: Places, at: int) -> _Of:
    """Twice two bits: how many CPUs can write the page through their TLBs, and how many of those are flushed for it."""

    def of(m: Any) -> int:
        held = m.cpus.writable.bits
        if not held:
            return 0
        transfer, vpns, frames = m.transfer, m.cpus.frame.shape[1], m.cpus.frame.cells
        found, first, flushed = 0, 0, transfer.flushed.bits
        while held:
            entries = held & (1 << vpns) - 1
            for page in {frames[first + vpn] for vpn in range(vpns) if entries >> vpn & 1}:
                found += (5 if page == transfer.page and flushed & 1 else 1) << places.of(page) + at
            held >>= vpns
            flushed >>= 1
            first += vpns
        return found

    return of
