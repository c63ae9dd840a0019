"""Maps that are updated in place: the promise's ledger for a run that never looks back.

The judge steps one ledger forward and keeps no earlier one, so that ``set`` may change the map and return it. Only what
was touched is kept: memory goes with the pages seen, never with a length that a stream claims. Held against the
persistent maps by a test.
"""

from typing import Any, Self, TypeVar

from refmodel.language import Map, Set
from refmodel.language.state import Leaf, build
from refmodel.promise import Ledger

__all__ = ["Cells", "Marks", "Nothing", "unbounded_ledger"]


class Nothing:
    """What a cell holds that nothing has been stored in, or sent to: equal to nothing else."""

    def __repr__(self) -> str:
        return "nothing"


class Cells:
    """A map, ``unknown`` wherever nothing was set."""

    __slots__ = ("cells", "unknown")

    def __init__(self, unknown: Any) -> None:
        self.cells: dict[Any, Any] = {}
        self.unknown = unknown

    def __getitem__(self, key: Any) -> Any:
        return self.cells.get(key, self.unknown)

    def set(self, key: Any, value: Any) -> Self:
        """Now ``value`` at ``key``."""
        self.cells[key] = value
        return self

    def copy(self) -> "Cells":
        """Another map that holds the same, and goes its own way."""
        copied = Cells(self.unknown)
        copied.cells = dict(self.cells)
        return copied

    def same(self, other: Self, where: Any = None) -> bool:
        """Equal at every key that either has, and where neither was set."""
        keys = self.cells.keys() | other.cells.keys()
        return all(self[key] == other[key] for key in keys) and self.unknown == other.unknown

    def same_row(self, other: Self, first: int) -> bool:
        """Equal at the page: a page is one cell here, its content's digest."""
        return bool(self[first, 0] == other[first, 0])


class Marks:
    """A set: ``rest`` says whether a key that was never touched is a member."""

    __slots__ = ("exceptions", "rest")

    def __init__(self) -> None:
        self.rest = False
        self.exceptions: set[Any] = set()

    def __getitem__(self, key: Any) -> bool:
        return (key in self.exceptions) != self.rest

    def add(self, key: Any) -> Self:
        """With ``key``."""
        (self.exceptions.discard if self.rest else self.exceptions.add)(key)
        return self

    def discard(self, key: Any) -> Self:
        """Without ``key``."""
        (self.exceptions.add if self.rest else self.exceptions.discard)(key)
        return self

    def filled(self) -> Self:
        """Every key."""
        self.rest, self.exceptions = True, set()
        return self

    def cleared(self) -> "Marks":
        """A set without members. Another one: this one stays as it is."""
        return Marks()

    def __or__(self, other: "Marks") -> "Marks":
        both = Marks()
        both.exceptions = self.exceptions | other.exceptions
        return both

    def same(self, other: Self) -> bool:
        """The same members."""
        return self.rest == other.rest and self.exceptions == other.exceptions


L = TypeVar("L", bound=Ledger)


def unbounded_ledger(of: type[L] = Ledger) -> L:  # type: ignore[assignment]
    """A ledger of any number of pages; the target holds ``Nothing`` yet, the guest's context is not known."""

    def make(leaf: Leaf) -> Any:
        if leaf.kind is Set:
            return Marks()
        if leaf.kind is Map:
            return Cells(Nothing() if leaf.path.startswith("held.memory") else 0)
        return leaf.kind(0)

    return build(of, make)
