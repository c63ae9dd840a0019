"""Total maps and sets over the sorts, persistent: the concrete reading.

A key is an int, or a pair of ints for a map over two sorts. ``proofs.lifting.maps`` has the same operations on terms;
the differential test of the lifting holds the two together.
"""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, TypeVar

__all__ = ["Map", "Set"]

K = TypeVar("K")
V = TypeVar("V")


def _cells(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 1 else shape[0] * shape[1]


class Map(Generic[K, V]):
    """A total map; ``shape`` gives the size of each key's sort, ``cells`` the values in key order."""

    __slots__ = ("cells", "shape")

    def __init__(self, shape: tuple[int, ...], cells: tuple[V, ...]) -> None:
        self.shape = shape
        self.cells = cells

    @classmethod
    def full_of(cls, shape: tuple[int, ...], value: V) -> Self:
        """The map that is ``value`` everywhere."""
        return cls(shape, (value,) * _cells(shape))

    def _index(self, key: Any) -> int:
        return key[0] * self.shape[1] + key[1] if type(key) is tuple else key  # type: ignore[no-any-return]

    def __getitem__(self, key: K) -> V:
        at: Any = key  # ``_index``, written out: it is what guards and claims do most
        value: V = self.cells[at[0] * self.shape[1] + at[1] if type(at) is tuple else at]
        return value

    def set(self, key: K, value: V) -> Self:
        """This map with ``value`` at ``key``."""
        i = self._index(key)
        cells = self.cells
        if cells[i] == value:
            return self
        return type(self)(self.shape, (*cells[:i], value, *cells[i + 1 :]))

    def made(self, of: Callable[..., V]) -> Self:
        """The map over the same keys that holds ``of`` each key; a pair is passed as two arguments."""
        pair = len(self.shape) == 2
        return type(self)(self.shape, tuple([of(*key) if pair else of(key) for key in _keys(self.shape)]))

    def same(self, other: "Map[K, V]", where: Callable[..., bool] | None = None) -> bool:
        """Equal at every key, or at every key for which the predicate holds; a pair is passed as two arguments."""
        if where is None:
            return self.cells == other.cells
        keys = (key for key in self.every_key() if self[key] != other[key])
        return not any(where(*key) if type(key) is tuple else where(key) for key in keys)

    def same_row(self, other: "Map[K, V]", first: int) -> bool:
        """Equal at every key that begins with ``first``; for a map over two sorts."""
        row = slice(first * self.shape[1], (first + 1) * self.shape[1])
        return self.cells[row] == other.cells[row]

    def every_key(self) -> Iterator[Any]:
        """Every key, in order."""
        return iter(_keys(self.shape))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Map) and self.cells == other.cells

    def __hash__(self) -> int:
        return hash(self.cells)

    def __repr__(self) -> str:
        return f"Map{self.cells}"


class Set(Generic[K]):
    """A subset of the keys; ``bits`` has bit i set when the i-th key is a member."""

    __slots__ = ("bits", "shape")

    def __init__(self, shape: tuple[int, ...], bits: int) -> None:
        self.shape = shape
        self.bits = bits

    def _index(self, key: Any) -> int:
        return key[0] * self.shape[1] + key[1] if type(key) is tuple else key  # type: ignore[no-any-return]

    def __getitem__(self, key: K) -> bool:
        at: Any = key
        bits: int = self.bits >> (at[0] * self.shape[1] + at[1] if type(at) is tuple else at)
        return bits & 1 == 1

    def add(self, key: K) -> Self:
        """With ``key``."""
        return type(self)(self.shape, self.bits | 1 << self._index(key))

    def discard(self, key: K) -> Self:
        """Without ``key``."""
        return type(self)(self.shape, self.bits & ~(1 << self._index(key)))

    def put(self, key: K, member: bool) -> Self:
        """With ``key`` if ``member``, else without."""
        return self.add(key) if member else self.discard(key)

    def where(self, predicate: Callable[..., bool], member: bool) -> Self:
        """With (or without) every key for which the predicate holds; a pair is passed as two arguments."""
        bits = self.bits
        undecided = ~bits & self._all() if member else bits
        pair = self.shape[1] if len(self.shape) == 2 else 0
        while undecided:
            low = undecided & -undecided
            i = low.bit_length() - 1
            if predicate(*divmod(i, pair)) if pair else predicate(i):
                bits ^= low
            undecided ^= low
        return type(self)(self.shape, bits)

    def only(self, predicate: Callable[..., bool]) -> Self:
        """Just those keys for which the predicate holds; a pair is passed as two arguments."""
        return self.cleared().where(predicate, True)

    def never(self, predicate: Callable[..., bool]) -> bool:
        """No member satisfies the predicate."""
        return self.where(predicate, False).bits == self.bits

    def __or__(self, other: "Set[K]") -> Self:
        return type(self)(self.shape, self.bits | other.bits)

    def filled(self) -> Self:
        """Every key."""
        return type(self)(self.shape, self._all())

    def cleared(self) -> Self:
        """No key."""
        return type(self)(self.shape, 0)

    def __and__(self, other: "Set[K]") -> Self:
        return type(self)(self.shape, self.bits & other.bits)

    def __sub__(self, other: "Set[K]") -> Self:
        return type(self)(self.shape, self.bits & ~other.bits)

    @property
    def size(self) -> int:
        """How many members. Lifted, all that is known of it are the lemmas of ``proofs.lifting.cardinality``."""
        return self.bits.bit_count()

    @property
    def is_empty(self) -> bool:
        """No key is a member."""
        return self.bits == 0

    @property
    def is_full(self) -> bool:
        """Every key is a member."""
        return self.bits == self._all()

    def same(self, other: "Set[K]") -> bool:
        """The same members."""
        return self.bits == other.bits

    def every_key(self) -> Iterator[Any]:
        """Every key, member or not, in order."""
        return iter(_keys(self.shape))

    def members(self) -> list[Any]:
        """The members, in key order."""
        return [key for key in _keys(self.shape) if self[key]]

    def _all(self) -> int:
        return (1 << _cells(self.shape)) - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Set) and self.bits == other.bits

    def __hash__(self) -> int:
        return hash(self.bits)

    def __repr__(self) -> str:
        return f"Set{self.members()}"


def _keys(shape: tuple[int, ...]) -> list[Any]:
    if len(shape) == 1:
        return list(range(shape[0]))
    return [(i, j) for i in range(shape[0]) for j in range(shape[1])]
