"""A sum of functions of a state, each called again only where a part of the state that it reads has been replaced.

A step replaces few parts of a state (``State.but``), so that along a run most of what is asked of a state was answered
for the one before it.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from fuzz.layout import Layout
from fuzz.mix import DEFAULT_SIZES
from fuzz.unknown import every_path
from refmodel.language import Map, Set
from refmodel.migration import AnyMachine
from refmodel.search.seed_space import sizes_for

__all__ = ["Piece", "kept", "leaves_read", "remembered"]

_MOST_KNOWN = 1 << 14
"""Answers that are remembered of a function; then all are forgotten."""
Piece = tuple[Iterable[str], Callable[[Any], int]]
"""A function of states, and the fields of the state that it reads."""


def kept(pieces: Iterable[Piece]) -> Callable[[Any], int]:
    """What the functions come to together."""
    asked = [(frozenset(parts), function) for parts, function in pieces]
    names = sorted(frozenset[str]().union(*(parts for parts, _ in asked)))
    before: list[Any] = [object()] * len(names)  # no part of any state
    answers, total = [0] * len(asked), 0
    of_changed: dict[int, list[tuple[int, Callable[[Any], int]]]] = {}

    def those_that_read(changed: int) -> list[tuple[int, Callable[[Any], int]]]:
        read = {name for i, name in enumerate(names) if changed >> i & 1}
        return [(i, function) for i, (parts, function) in enumerate(asked) if parts & read]

    def again(m: Any) -> int:
        nonlocal total
        fields = m.__dict__
        changed, bit = 0, 1
        for i, name in enumerate(names):
            part = fields[name]
            if part is not before[i]:
                before[i] = part
                changed |= bit
            bit += bit
        if changed:
            reading = of_changed.get(changed)
            if reading is None:
                reading = of_changed[changed] = those_that_read(changed)
            for i, function in reading:
                answer = function(m)
                total += answer - answers[i]
                answers[i] = answer
        return total

    return again


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

    # Where it reads scalars alone nothing of those tells that the state is one with another number of pages.
    parts = {path.split(".")[0] for path in paths}
    return parts if any("." in path for path in paths) else {*parts, "source"}, of


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
