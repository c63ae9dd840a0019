"""Events as columns: what is common to all fast readers."""

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from refmodel.oracle.events import Event, Memory, Release, Send, Store

__all__ = ["NOWHERE", "Bools", "Code", "Columns", "Control", "Feed", "Ints", "Item", "Space", "Words", "code_of"]

Words: TypeAlias = NDArray[np.uint64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

NOWHERE = -1
"""The number of a page that there is not."""


class Code(IntEnum):
    """Events of one page; all others are of all pages."""

    STORE = 0
    RELEASE = 1
    SEND = 2
    MEMORY = 3


_CODES: dict[type[Any], Code] = {Store: Code.STORE, Release: Code.RELEASE, Send: Code.SEND, Memory: Code.MEMORY}


def code_of(event: Event) -> Code | None:
    """The event's code; None for one of all pages."""
    return _CODES.get(type(event))


@frozen
class Columns:
    """Events of pages, in order: a row each."""

    numbers: Ints
    """The number of each event, as the stepwise judge counts."""
    code: NDArray[np.uint8]
    page: Ints
    """The page's number over all blocks, NOWHERE where there is no such page."""
    digest: Words
    """Equal for equal contents; 0 where ``known`` is not."""
    known: Bools
    """The event gives a digest: all but some stores do."""
    target: Bools
    """It is about the target."""
    event: Callable[[int], Event]
    """A row as an event, for the stepwise judge."""

    def __len__(self) -> int:
        return len(self.page)

    def rows(self, chosen: Bools | NDArray[np.intp]) -> "Columns":
        """Some of the rows, in order."""
        places = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen

        def event(row: int) -> Event:
            return self.event(int(places[row]))

        return Columns(
            self.numbers[places],
            self.code[places],
            self.page[places],
            self.digest[places],
            self.known[places],
            self.target[places],
            event,
        )


@frozen
class Control:
    """An event of all pages (or ``begin``), with its number."""

    number: int
    event: Event


Item: TypeAlias = Columns | Control
Feed: TypeAlias = Iterator[Item]


class Space:
    """The blocks' pages as numbers, in the order of ``begin``."""

    def __init__(self, blocks: Iterable[tuple[str, int]]) -> None:
        self.names: list[str] = []
        self.sizes: list[int] = []
        self.first: dict[str, int] = {}
        self.total = 0
        for name, pages in blocks:
            self.names.append(name)
            self.sizes.append(pages)
            self.first[name] = self.total
            self.total += pages
        self._starts = np.array([self.first[name] for name in self.names], np.int64)
        self._size_of = dict(zip(self.names, self.sizes, strict=True))

    def number(self, block: str, pfn: int) -> int:
        """The page's number, or NOWHERE."""
        return self.first[block] + pfn if 0 <= pfn < self._size_of.get(block, 0) else NOWHERE

    def place(self, number: int) -> tuple[str, int]:
        """The page's block and pfn."""
        block = int(np.searchsorted(self._starts, number, side="right")) - 1
        return self.names[block], number - int(self._starts[block])

    def parts(self) -> Iterator[tuple[str, int, int]]:
        """Each block with its first page and the one after its last."""
        for name, size in zip(self.names, self.sizes, strict=True):
            yield name, self.first[name], self.first[name] + size
