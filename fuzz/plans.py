"""Which instances of claims are to be checked after a change: those that read a changed cell, and can fail."""

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from attrs import field, frozen

__all__ = ["Instance", "Plan", "Plans", "Readers"]

_MOST_PLANS = 1_000
"""Plans kept, one for each mask of changed cells, of states with the same scalars; the oldest go first."""


class Instance(NamedTuple):
    """A claim at one choice of its parameters, in states with the same scalars."""

    check: Callable[..., bool]
    where: tuple[int, ...]
    bits: int
    """What it reads of a packed state."""
    held: set[Any]
    """The values of that for which it held."""


@frozen(eq=False)
class Plan:
    """The instances to be checked after a change, and, as of each of them, for what values all held together."""

    instances: list[Instance]
    bits: int
    held: set[Any] = field(factory=set)


class Readers:
    """The instances that can fail in states with the same scalars, and which of them read each cell."""

    def __init__(self, instances: Iterable[tuple[int, Instance]]) -> None:
        """Each comes with the cells that it reads, as a mask: none where it cannot fail, -1 for all."""
        reading = [(cells, instance) for cells, instance in instances if cells]
        self.instances = [instance for _, instance in reading]
        self._everything = 0
        self._of_cell: dict[int, int] = {}
        """By a cell, as a mask: which instances read it, as a mask of their numbers; so of those that read all."""
        for number, (cells, _) in enumerate(reading):
            if cells < 0:
                self._everything |= 1 << number
                continue
            for cell in _bits(cells):
                self._of_cell[cell] = self._of_cell.get(cell, 0) | 1 << number

    def of(self, changed: int) -> Plan:
        """Those that read a changed cell; all of them for -1."""
        those = self.instances
        if changed >= 0:
            reading = self._everything if changed else 0
            for cell in _bits(changed):
                reading |= self._of_cell.get(cell, 0)
            those = [self.instances[bit.bit_length() - 1] for bit in _bits(reading)]
        return Plan(those, reduce(or_, (claim.bits for claim in those), 0))


class Plans:
    """What to check after a change, of invariants and of laws; made when first asked for."""

    def __init__(self, invariants: Readers, laws: Readers) -> None:
        self._readers = (invariants, laws)
        self._made: dict[int, tuple[Plan, Plan]] = {}

    def of(self, changed: int) -> tuple[Plan, Plan]:
        """The invariants that read a changed cell and can fail, and the laws; all of them for -1."""
        made = self._made.get(changed)
        if made is None:
            if len(self._made) >= _MOST_PLANS:
                del self._made[next(iter(self._made))]
            invariants, laws = self._readers
            made = self._made[changed] = invariants.of(changed), laws.of(changed)
        return made

    def forget(self) -> None:
        """For which values all these held."""
        for readers in self._readers:
            for claim in readers.instances:
                claim.held.clear()
        for both in self._made.values():
            for plan in both:
                plan.held.clear()


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low
        mask ^= low
