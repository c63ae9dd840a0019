"""A state as a flat key: which byte holds what.

A state is fetched as one tuple of its leaves' own values, cheap to compare; only a tuple not seen before is spelt out
as bytes, one for every cell and member. The elements of different sorts have different byte values, so that
renaming pages touches no CPU.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from attrs import frozen

from refmodel.language import Map, Set, Sizes, State
from refmodel.language.state import Leaf, build, leaves
from refmodel.unusable import Unusable

__all__ = ["NOTHING", "Layout", "Raw", "Span"]

Raw = tuple[Any, ...]
"""A state's leaves, in order: a map's cells, a set's bits, a scalar itself."""
NOTHING = -1
"""In a key, what a dead cell holds: it is no page, so that renaming pages leaves it alone."""
_DEAD = 255
_FIRST_NAME = 64
"""Byte values below this are plain values; above it come the elements of the sorts that may be renamed."""


@frozen
class Span:
    """The bytes of one leaf: from ``start``, one for each key of ``shape``, in key order."""

    leaf: Leaf
    start: int
    shape: tuple[int, ...]
    held: str | None
    """The sort of what the leaf holds, where elements of it may be renamed."""

    @property
    def sorts(self) -> tuple[str, ...]:
        """The sorts of the leaf's keys."""
        return tuple(sort.name for sort in self.leaf.keys)

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.shape[0] * self.shape[1] if len(self.shape) == 2 else self.shape[0] if self.shape else 1


class Layout:
    """The leaves of a state class in a machine of some sizes; ``renamed`` names the sorts whose elements may be."""

    def __init__(self, cls: type[State], sizes: Sizes, renamed: Sequence[str] = ()) -> None:
        self.cls = cls
        self.sizes = sizes
        self.spans: list[Span] = []
        self.first_name: dict[str, int] = {}
        code = _FIRST_NAME
        for sort in (sort for sort in renamed if sort in sizes):
            self.first_name[sort] = code
            code += sizes[sort]
        if code > _DEAD:
            raise Unusable("sizes", f"{code - _FIRST_NAME} elements to rename", f"at most {_DEAD - _FIRST_NAME}")
        start = 0
        for leaf in leaves(cls):
            held = leaf.sort.name if leaf.sort and leaf.sort.name in self.first_name else None
            span = Span(leaf, start, tuple(sizes[sort.name] for sort in leaf.keys), held)
            self.spans.append(span)
            start += span.length
        self.length = start
        self.index = {span.leaf.path: i for i, span in enumerate(self.spans)}
        self._encoders = [_Encoder(span, self.first_name.get(span.held or "", 0)) for span in self.spans]
        self.fetch = _fetcher([span.leaf for span in self.spans])

    def encode(self, cells: Sequence[Any]) -> bytes:
        """The flat key of a state's leaves."""
        return b"".join([encoder[cell] for encoder, cell in zip(self._encoders, cells, strict=True)])

    def state(self, cells: Sequence[Any]) -> Any:
        """The state with these leaves; a dead cell is 0."""

        def make(leaf: Leaf) -> Any:
            cell = cells[self.index[leaf.path]]
            shape = self.spans[self.index[leaf.path]].shape
            if leaf.kind is Map:
                return Map(shape, tuple(0 if held == NOTHING else held for held in cell))
            if leaf.kind is Set:
                return Set(shape, cell)
            return leaf.kind(0 if cell == NOTHING else cell)

        return build(self.cls, make)


def _fetcher(found: Sequence[Leaf]) -> Callable[[Any], Raw]:
    ends = {Map: ".cells", Set: ".bits"}
    fetch = attrgetter(*(leaf.path + ends.get(leaf.kind, "") for leaf in found))
    return fetch if len(found) > 1 else lambda state: (fetch(state),)


class _Encoder(dict[Any, bytes]):
    """One leaf's bytes, for each value that it has had so far."""

    def __init__(self, span: Span, first_name: int) -> None:
        super().__init__()
        self.span = span
        self.first_name = first_name

    def __missing__(self, cell: Any) -> bytes:
        if self.span.leaf.kind is Set:
            plain = [cell >> i & 1 for i in range(self.span.length)]
        elif self.span.leaf.kind is Map:
            plain = list(cell)
        else:
            plain = [int(cell)]
        if not self.first_name and max(plain) >= _FIRST_NAME:
            raise Unusable(self.span.leaf.path, f"{max(plain)} in a search", f"less than {_FIRST_NAME}")
        self[cell] = code = bytes(_DEAD if held == NOTHING else held + self.first_name for held in plain)
        return code
