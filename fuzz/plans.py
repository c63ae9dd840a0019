"""Which instances of claims are to be checked after a change: those that read a changed cell, and can fail."""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import field, frozen

__all__ = ["Instance", "Plan", "Readers"]


@frozen(eq=False)
class Instance:
    """A claim at one choice of its parameters, in states with the same scalars."""

    check: Callable[..., bool]
    where: tuple[int, ...]
    cells: int
    bits: int
    """What it reads: as cells of the layout, and as bits of a packed state."""
    held: set[Any] = field(factory=set)
    """The values of those for which it held."""


@frozen(eq=False)
class Plan:
    """The instances to be checked after a change, and, as of each of them, for what values all held together."""

    instances: list[Instance]
    bits: int
    held: set[Any] = field(factory=set)


class Readers:
    """The instances that can fail in states with the same scalars, and which of them read each cell."""

    def __init__(self, instances: list[Instance]) -> None:
        self.instances = [claim for claim in instances if claim.cells]
        self._everything = 0
        self._of_cell: dict[int, int] = {}
        """By a cell, as a mask: which instances read it, as a mask of their numbers; so of those that read all."""
        for number, claim in enumerate(self.instances):
            if claim.cells < 0:
                self._everything |= 1 << number
                continue
            for cell in _bits(claim.cells):
                self._of_cell[cell] = self._of_cell.get(cell, 0) | 1 << number

    def of(self, changed: int) -> list[Instance]:
        """Those that read a changed cell."""
        if changed < 0:
            return self.instances
        reading = self._everything if changed else 0
        for cell in _bits(changed):
            reading |= self._of_cell.get(cell, 0)
        return [self.instances[bit.bit_length() - 1] for bit in _bits(reading)]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low
        mask ^= low
