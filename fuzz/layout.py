"""The cells of a state, numbered, so that those that are read, or have changed, are bits of a mask."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from attrs import frozen

from refmodel.language import State
from refmodel.language.state import Leaf, leaves

__all__ = ["Layout", "known_scalars"]


@frozen
class Layout:
    """The cells of a state, numbered: a cell is one entry of a map, one member of a set, or one scalar."""

    leaves: Mapping[str, Leaf]
    places: Mapping[str, tuple[int, int]]
    """By leaf: the number of its first cell, and how many it has."""
    shapes: Mapping[str, tuple[int, ...]]
    parts: Mapping[str, int]
    """By the path of a part with a dot behind it (of the whole state: nothing): the mask of all its cells."""

    @classmethod
    def of(cls, state: type[State], sizes: Mapping[str, int]) -> "Layout":
        """The layout of a state class for these sizes."""
        found, places, shapes, first = {}, {}, {}, 0
        parts = dict[str, int]()
        for leaf in leaves(state):
            shape = tuple(sizes[key.name] for key in leaf.keys)
            count = 1
            for size in shape:
                count *= size
            found[leaf.path], places[leaf.path], shapes[leaf.path] = leaf, (first, count), shape
            for i in (0, *(at + 1 for at, letter in enumerate(leaf.path) if letter == ".")):
                parts[leaf.path[:i]] = parts.get(leaf.path[:i], 0) | ((1 << count) - 1) << first
            first += count
        return cls(found, places, shapes, parts)

    def whole(self, path: str) -> int:
        """The mask of all cells of a leaf."""
        first, count = self.places[path]
        return ((1 << count) - 1) << first


def known_scalars(state: type[State]) -> tuple[tuple[str, ...], Callable[[State], tuple[Any, ...]]]:
    """The paths of the scalars that take few values (flags and enumerations), and a getter of them all."""
    paths = tuple(leaf.path for leaf in leaves(state) if not leaf.keys and leaf.kind is not int)
    return paths, attrgetter(*paths)
