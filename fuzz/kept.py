"""A sum of functions of a state, each called again only where a cell of the state that it reads has changed.

A step changes few cells of a state, so that along a run most of what is asked of a state was answered for the one
before it.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import attrgetter, or_
from typing import Any, Protocol

from fuzz.layout import Layout
from fuzz.mix import DEFAULT_SIZES
from fuzz.packed import Packing
from fuzz.unknown import every_path
from refmodel.language import Map, Set
from refmodel.migration import AnyMachine
from refmodel.search.seed_space import sizes_for

__all__ = ["Along", "Piece", "kept", "leaves_read", "remembered"]

_MOST_KNOWN = 1 << 14
"""Answers that are remembered of a function, and changes of which it is remembered who reads them; then all are
forgotten."""
Piece = tuple[Iterable[str], Callable[[Any], int]]
"""A function of states, and the leaves of the state that it reads."""


class Along(Protocol):
    """A run at one of its states: it, packed, and the state before; the cells by which they differ, as a mask."""

    packing: Packing
    state: Any
    packed: int
    before: int
    changed: int


def kept(pieces: Iterable[Piece]) -> Callable[[Along], int]:
    """What the functions come to together."""
    asked = [(tuple(paths), function) for paths, function in pieces]
    of_sizes: dict[Packing, _Kept] = {}

    def of(run: Along) -> int:
        found = of_sizes.get(run.packing)
        if found is None:
            found = of_sizes[run.packing] = _Kept(asked, run.packing.layout)
        return found.of(run)

    return of


class _Kept:
    """The same for states of one size."""

    def __init__(self, asked: Iterable[Piece], layout: Layout) -> None:
        self._asked = [(reduce(or_, map(layout.whole, paths), 0), function) for paths, function in asked]
        self._answers, self._total, self._packed = [0] * len(self._asked), 0, -1  # no state is packed so
        self._of_changed: dict[int, list[tuple[int, Callable[[Any], int]]]] = {}

    def of(self, run: Along) -> int:
        reading = self._reading(run.changed if run.before == self._packed else -1)
        self._packed = run.packed
        if reading:
            m, answers = run.state, self._answers
            for i, function in reading:
                answer = function(m)
                self._total += answer - answers[i]
                answers[i] = answer
        return self._total

    def _reading(self, changed: int) -> list[tuple[int, Callable[[Any], int]]]:
        """The functions that read a changed cell; all of them, where everything may have changed."""
        found = self._of_changed.get(changed)
        if found is None:
            if len(self._of_changed) >= _MOST_KNOWN:
                self._of_changed.clear()
            found = [(i, f) for i, (cells, f) in enumerate(self._asked) if changed < 0 or cells & changed]
            self._of_changed[changed] = found
        return found


def remembered(spec: AnyMachine, hook: str, at: Callable[[int], int]) -> Piece:
    """Of the pages for which a function of the machine, of a state and a page, holds: the sum of ``at`` each.

    What it came to is remembered by the values of all that it may read.
    """
    ask, paths = getattr(spec, hook), leaves_read(spec, hook)
    values: Callable[[Any], Any] = attrgetter(*paths.values()) if paths else lambda m: ()
    known: dict[Any, int] = {}

    def of(m: Any) -> int:
        pages = m.source.memory.shape[0]
        key = pages, values(m)
        found = known.get(key)
        if found is None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            found = known[key] = sum(at(page) for page in range(pages) if ask(m, page))
        return found

    return paths, of


def leaves_read(spec: AnyMachine, hook: str) -> dict[str, str]:
    """The leaves of the state that a function of the machine, of a state and a page, may read, and the path of each's
    value."""
    sizes = sizes_for(spec, DEFAULT_SIZES)
    layout, read = Layout.of(spec.state, sizes), 0
    for page in range(sizes["pfn"]):
        result = every_path(getattr(spec, hook), layout, ({},), (page,))
        read |= -1 if result is None else result.reads
    values = {Map: ".cells", Set: ".bits"}
    return {path: path + values.get(leaf.kind, "") for path, leaf in layout.leaves.items() if layout.whole(path) & read}
