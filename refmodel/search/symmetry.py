"""States up to the names of pages and CPUs: an exact canonical form, cheap where elements can be told apart.

Each element has a signature that renaming cannot change: its own bytes, how often it is named, its rows. Sorting by
signature leaves few renamings to try; the least result of those is the canonical form. What a leaf holds is renamed
with its keys: a frame inside a page-table entry is a page too.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise, permutations, product
from operator import itemgetter
from typing import Any

from refmodel.search.layout import Layout, Span

__all__ = ["Classes", "Symmetry"]

Classes = tuple[tuple[int, ...], ...]
"""For each renamed sort, for each element, the first one that it is interchangeable with."""
_Picker = Callable[[bytes], Any]
_Ranks = tuple[tuple[int, ...], ...]


class _Column:
    """Where in a flat key a sort's elements show: ``own`` bytes, counts of names, bytes shared with other sorts."""

    def __init__(self, layout: Layout, sort: str, place: dict[str, int]) -> None:
        size = layout.sizes[sort]
        self.code = layout.first_name[sort]
        self.counted = [(s.start, s.start + s.length) for s in layout.spans if s.held == sort]
        shared: dict[str, list[Span]] = {}
        alone: list[Span] = []
        for span in layout.spans:
            if sort in span.sorts:
                others = [name for name in span.sorts if name != sort and name in place]
                (shared.setdefault(others[0], []) if others else alone).append(span)
        self.own = [_picker([at for s in alone for at in _bytes_of(s, {sort: i})]) for i in range(size)]
        self.shared = [
            (
                place[other],
                [
                    [
                        _picker([at for s in spans for at in _bytes_of(s, {sort: i, other: j})])
                        for j in range(layout.sizes[other])
                    ]
                    for i in range(size)
                ],
            )
            for other, spans in shared.items()
        ]
        keyed_or_held = [s for s in layout.spans if sort in s.sorts or s.held == sort]
        self.is_simple = not shared and not any(s.sorts and s.held for s in keyed_or_held)
        """Nothing but its own bytes concerns an element: two with equal signatures are interchangeable."""

    def ranks(self, key: bytes, named: bytes, known: list[tuple[int, ...]]) -> tuple[int, ...]:
        """The place of each element's signature among those of its sort. ``known`` are the ranks of sorts before."""
        signatures: list[Any] = [own(named) for own in self.own]
        if self.counted or self.shared:
            for i, own in enumerate(signatures):
                code = self.code + i
                counts = [key.count(code, start, end) for start, end in self.counted]
                rows = []
                for at, picks in self.shared:
                    ranks = known[at] if at < len(known) else None
                    cells = [pick(named) for pick in picks[i]]
                    rows.append(sorted(zip(ranks, cells, strict=True)) if ranks else sorted(cells))
                signatures[i] = (own, counts, rows)
        if len(signatures) == 2:
            a, b = signatures
            return (0, 0) if a == b else (0, 1) if a < b else (1, 0)
        order = sorted(signatures)
        return tuple([order.index(signature) for signature in signatures])


class Symmetry:
    """Renamings of the sorts that a layout may rename; sorts that leaves hold come first."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        held = {span.held for span in layout.spans}
        many = [sort for sort in layout.first_name if layout.sizes[sort] > 1]
        self.sorts = sorted(many, key=lambda sort: sort not in held)
        place = {sort: i for i, sort in enumerate(self.sorts)}
        self._columns = [_Column(layout, sort, place) for sort in self.sorts]
        self._renamings: dict[_Ranks, tuple[Callable[[bytes], tuple[int, ...]], bytes]] = {}
        self._tables: dict[_Ranks, bytes] = {}

    def rename(self, key: bytes, names: _Ranks) -> bytes:
        """The key with element i of the n-th sort called ``names[n][i]``."""
        found = self._renamings.get(names)
        if found is None:
            found = self._renamings[names] = self._renaming(names)
        gather, table = found
        return bytes(gather(key)).translate(table)

    def ranks(self, key: bytes) -> _Ranks:
        """For each sort the place of each element's signature; interchangeable elements have equal ones."""
        known: list[tuple[int, ...]] = []
        named = key.translate(self._ranked(()))
        for column in self._columns:
            known.append(column.ranks(key, named, known))
            if column.counted:
                named = key.translate(self._ranked(tuple(known)))
        return tuple(known)

    def canonical(self, key: bytes, ranks: _Ranks) -> bytes:
        """The same key for all states that differ only by names."""
        candidates = [self._orders(key, ranks, n) for n in range(len(self.sorts))]
        if all(len(orders) == 1 for orders in candidates):
            return self.rename(key, tuple(orders[0] for orders in candidates))
        return min(self.rename(key, names) for names in product(*candidates))

    def classes(self, key: bytes, ranks: _Ranks) -> Classes:
        """Which elements may be exchanged without changing the key."""
        found = []
        for n, rank in enumerate(ranks):
            first: list[int] = []
            for i in range(len(rank)):
                like = (j for j in range(i) if first[j] == j and rank[j] == rank[i] and self._fixed(key, n, j, i))
                first.append(next(like, i))
            found.append(tuple(first))
        return tuple(found)

    def _fixed(self, key: bytes, n: int, i: int, j: int) -> bool:
        """Exchanging two elements of equal rank leaves the key as it is."""
        if self._columns[n].is_simple:
            return True
        names = [tuple(range(self.layout.sizes[sort])) for sort in self.sorts]
        swapped = list(names[n])
        swapped[i], swapped[j] = j, i
        names[n] = tuple(swapped)
        return self.rename(key, tuple(names)) == key

    def _orders(self, key: bytes, ranks: _Ranks, n: int) -> list[tuple[int, ...]]:
        """The renamings of one sort that put its elements in the order of their ranks."""
        rank = ranks[n]
        groups, order = _groups(rank)
        ties = [] if self._columns[n].is_simple else [group for group in groups if len(group) > 1]
        if all(self._fixed(key, n, i, j) for tie in ties for i, j in pairwise(tie)):
            return [order]
        choices = product(*(permutations(group) for group in groups))
        return [_inverse([i for group in choice for i in group]) for choice in choices]

    def _ranked(self, known: _Ranks) -> bytes:
        """The table that calls each element by its rank, and all elements of sorts not ranked yet alike."""
        table = self._tables.get(known)
        if table is None:
            codes = bytearray(range(256))
            for n, sort in enumerate(self.sorts):
                first = self.layout.first_name[sort]
                for i in range(self.layout.sizes[sort]):
                    codes[first + i] = first + (known[n][i] if n < len(known) else 0)
            table = self._tables[known] = bytes(codes)
        return table

    def _renaming(self, names: _Ranks) -> tuple[Callable[[bytes], tuple[int, ...]], bytes]:
        old = dict(zip(self.sorts, (_inverse(new) for new in names), strict=True))
        sources: list[int] = []
        for span in self.layout.spans:
            keys = product(*(old.get(s, range(size)) for s, size in zip(span.sorts, span.shape, strict=True)))
            sources += (_byte(span, at) for at in keys)
        codes = bytearray(range(256))
        for sort, new in zip(self.sorts, names, strict=True):
            first = self.layout.first_name[sort]
            for i, name in enumerate(new):
                codes[first + i] = first + name
        return itemgetter(*sources), bytes(codes)


@cache
def _groups(rank: tuple[int, ...]) -> tuple[list[list[int]], tuple[int, ...]]:
    """The elements of each rank, and the renaming that sorts them so."""
    groups = [[i for i in range(len(rank)) if rank[i] == r] for r in sorted(set(rank))]
    return groups, _inverse([i for group in groups for i in group])


def _inverse(order: Sequence[int]) -> tuple[int, ...]:
    places = [0] * len(order)
    for place, i in enumerate(order):
        places[i] = place
    return tuple(places)


def _byte(span: Span, at: tuple[int, ...]) -> int:
    return span.start + (at[0] * span.shape[1] + at[1] if len(at) == 2 else at[0] if at else 0)


def _bytes_of(span: Span, where: dict[str, int]) -> Iterator[int]:
    """The places of a leaf's bytes for the keys in which the named sorts have these elements."""
    sides = ((where[s],) if s in where else range(size) for s, size in zip(span.sorts, span.shape, strict=True))
    return (_byte(span, at) for at in product(*sides))


def _picker(places: list[int]) -> _Picker:
    return itemgetter(*places) if places else lambda key: ()
