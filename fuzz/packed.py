"""A state as one integer, each cell in bits of its own: what two states have in common is then a mask and a comparison.

Kept up to date from step to step: parts that a step shares with the state before it are not looked at.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

import attrs

from fuzz.layout import Layout
from refmodel.language import Map, Set, State

__all__ = ["Packing"]

_BITS = 8
"""Of a cell of a map, and of a scalar; a member of a set takes one."""
_PLAIN = 128
"""Values below this one (ASCII, as bytes) stand for themselves, others for a number from here on, in the order in which
they come."""
_MOST_MASKS = 100_000
_Update = Callable[[int, Any, Any], int]


class Packing:
    """How the states of one class with given sizes are packed."""

    def __init__(self, state: type[State], sizes: Mapping[str, int]) -> None:
        self.layout = layout = Layout.of(state, sizes)
        self._offsets: dict[str, int] = {}
        self._cells: list[int] = []
        """By the number of a cell: the mask of its bits."""
        self._others: dict[Any, int] = {}
        self._masks: dict[int, int] = {}
        offset = 0
        for path, (_, count) in layout.places.items():
            bits = 1 if layout.leaves[path].kind is Set else _BITS
            self._offsets[path] = offset
            self._cells += [((1 << bits) - 1) << offset + bits * i for i in range(count)]
            offset += bits * count
        self._update = self._updater(state, "")

    def first(self, m: Any) -> int:
        """A state, packed."""
        packed = 0
        for path, offset in self._offsets.items():
            value = m
            for name in path.split("."):
                value = getattr(value, name)
            packed |= self._leaf(value) << offset
        return packed

    def after(self, packed: int, before: Any, after: Any) -> int:
        """The state after a step, packed, from the one before it, packed."""
        return self._update(packed, before, after)

    def bits(self, cells: int) -> int:
        """The mask of the bits of cells, which are given by the layout's numbers as a mask; -1 is every cell."""
        return -1 if cells < 0 else sum(mask for i, mask in enumerate(self._cells) if cells >> i & 1)

    def bits_of(self, leaves: Iterable[str]) -> int:
        """The mask of the bits of leaves, which are given by their paths."""
        return sum(self.bits(self.layout.whole(path)) for path in leaves)

    def cells(self, differs: int) -> int:
        """The other way: the cells that have some of these bits, so by which cells two packed states differ."""
        found = self._masks.get(differs)
        if found is None:
            if len(self._masks) >= _MOST_MASKS:
                self._masks.clear()
            found = sum(1 << i for i, mask in enumerate(self._cells) if differs & mask)
            self._masks[differs] = found
        return found

    def _leaf(self, value: Any) -> int:
        if isinstance(value, Set):
            return int(value.bits)
        return self._numbers(value.cells if isinstance(value, Map) else (value,))

    def _numbers(self, cells: tuple[Any, ...]) -> int:
        try:
            packed = bytes(cells)
        except ValueError:  # a number that is no byte
            packed = b"\xff"
        if not packed.isascii():
            packed = bytes(map(self._code, cells))
        return int.from_bytes(packed, "little")

    def _code(self, value: Any) -> int:
        """ValueError, from ``bytes``, where there are more strange values than a byte can tell apart."""
        return value if 0 <= value < _PLAIN else self._others.setdefault(value, _PLAIN + len(self._others))

    def _updater(self, state: type[State], prefix: str) -> _Update:
        hints = get_type_hints(state)
        parts: list[tuple[str, _Update]] = []
        for field in attrs.fields(state):
            path = prefix + field.name
            if path in self._offsets:
                parts.append((field.name, self._leaf_updater(path)))
            else:
                parts.append((field.name, self._updater(hints[field.name], f"{path}.")))

        def update(packed: int, before: Any, after: Any) -> int:
            old, new = before.__dict__, after.__dict__
            for name, deeper in parts:
                if old[name] is not new[name]:
                    packed = deeper(packed, old[name], new[name])
            return packed

        return update

    def _leaf_updater(self, path: str) -> _Update:
        offset = self._offsets[path]
        if self.layout.leaves[path].kind is Set:
            return lambda packed, old, new: packed ^ (old.bits ^ new.bits) << offset
        others, numbers = ~self.bits_of((path,)), self._numbers
        if self.layout.leaves[path].kind is Map:
            return lambda packed, old, new: packed & others | numbers(new.cells) << offset
        return lambda packed, old, new: packed & others | numbers((new,)) << offset
