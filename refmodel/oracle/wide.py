"""Sets of many pages, in chunks: to add or take a page makes one chunk anew, and not the whole mask.

They are persistent, as the specification's own sets are, and held against those by a test.
"""

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from refmodel.language import Set
from refmodel.language.state import Leaf, State, build

__all__ = ["WideSet", "widened"]

S = TypeVar("S", bound=State)

_BITS = 11
_CHUNK = 1 << _BITS
_WHOLE = (1 << _CHUNK) - 1


class WideSet(Set[int]):
    """A subset of the first ``shape[0]`` numbers; ``chunks`` has 2048 of them each, LSB first."""

    __slots__ = ("chunks",)

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
        self.shape = shape
        self.chunks = chunks

    @classmethod
    def of_bits(cls, pages: int, bits: int) -> Self:
        """The set of the bits that are set in ``bits``, of so many pages."""
        count = -(-pages // _CHUNK)
        data = bits.to_bytes(count * _CHUNK // 8, "little")
        size = _CHUNK // 8
        return cls((pages,), tuple(int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)))

    @property
    def bits(self) -> int:  # type: ignore[override]
        """The whole mask."""
        return int.from_bytes(b"".join(chunk.to_bytes(_CHUNK // 8, "little") for chunk in self.chunks), "little")

    def __getitem__(self, key: int) -> bool:
        return self.chunks[key >> _BITS] >> (key & _CHUNK - 1) & 1 == 1

    def _with(self, at: int, chunk: int) -> Self:
        chunks = self.chunks
        return type(self)(self.shape, (*chunks[:at], chunk, *chunks[at + 1 :]))

    def add(self, key: int) -> Self:
        """With ``key``."""
        at = key >> _BITS
        return self._with(at, self.chunks[at] | 1 << (key & _CHUNK - 1))

    def discard(self, key: int) -> Self:
        """Without ``key``."""
        at = key >> _BITS
        return self._with(at, self.chunks[at] & ~(1 << (key & _CHUNK - 1)))

    def where(self, predicate: Callable[..., bool], member: bool) -> Self:
        """With (or without) every key for which the predicate holds."""
        return type(self)(self.shape, tuple(self._where(predicate, member)))

    def _where(self, predicate: Callable[..., bool], member: bool) -> Iterator[int]:
        for number, (chunk, whole) in enumerate(zip(self.chunks, self._all_chunks(), strict=True)):
            bits = chunk
            for key in _keys(number, ~chunk & whole if member else chunk):
                if predicate(key):
                    bits ^= 1 << (key & _CHUNK - 1)
            yield bits

    def never(self, predicate: Callable[..., bool]) -> bool:
        """No member satisfies the predicate."""
        return not any(predicate(key) for key in self.each())

    def filled(self) -> Self:
        """Every key."""
        return type(self)(self.shape, self._all_chunks())

    def cleared(self) -> Self:
        """No key."""
        return type(self)(self.shape, (0,) * len(self.chunks))

    def _both(self, other: Any, how: Callable[[int, int], int]) -> Self:
        return type(self)(self.shape, tuple(map(how, self.chunks, other.chunks)))

    def __or__(self, other: Set[int]) -> Self:
        return self._both(other, int.__or__)

    def __and__(self, other: Set[int]) -> Self:
        return self._both(other, int.__and__)

    def __sub__(self, other: Set[int]) -> Self:
        return self._both(other, lambda mine, theirs: mine & ~theirs)

    @property
    def size(self) -> int:
        """How many members."""
        return sum(map(int.bit_count, self.chunks))

    @property
    def is_empty(self) -> bool:
        """No key is a member."""
        return not any(self.chunks)

    @property
    def is_full(self) -> bool:
        """Every key is a member."""
        return self.chunks == self._all_chunks()

    def same(self, other: Any) -> bool:
        """The same members."""
        return bool(self.chunks == other.chunks)

    def each(self) -> Iterator[int]:
        """The members in order, at the cost of the members."""
        for number, chunk in enumerate(self.chunks):
            yield from _keys(number, chunk)

    def members(self) -> list[int]:
        """The members, in order."""
        return list(self.each())

    def _all_chunks(self) -> tuple[int, ...]:
        whole, rest = divmod(self.shape[0], _CHUNK)
        return (_WHOLE,) * whole + (((1 << rest) - 1,) if rest else ())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WideSet) and self.chunks == other.chunks

    def __hash__(self) -> int:
        return hash(self.chunks)


def _keys(number: int, chunk: int) -> Iterator[int]:
    while chunk:
        low = chunk & -chunk
        yield number << _BITS | low.bit_length() - 1
        chunk ^= low


def widened(m: S, pages: int) -> S:
    """The state with its sets of pages in chunks, and `pages` many of them."""

    def make(leaf: Leaf) -> Any:
        held: Any = m
        for name in leaf.path.split("."):
            held = getattr(held, name)
        wide = leaf.kind is Set and [key.name for key in leaf.keys] == ["pfn"]
        return WideSet.of_bits(pages, held.bits) if wide else held

    return build(type(m), make)
