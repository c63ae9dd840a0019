"""Values that are seen only by which of them are equal: those of one cell, at either side and on their way."""

from collections.abc import Mapping, Sequence
from typing import Any

from refmodel.search.layout import NOTHING

__all__ = ["MEMORY", "Cells", "Held", "members", "renamed"]

Cells = tuple[Any, ...]
MEMORY = frozenset({"source.memory", "target.memory", "ghost.copied"})
"""What the rule for a wire that delivers at once takes for all that there is of a cell."""
Held = tuple[Cells, Mapping[int, int]]
"""Values that are held somewhere else, and of which cell of memory each is; one that is of none is dead."""


def members(pairs: int, columns: int) -> list[tuple[int, int]]:
    """The members of a set of pairs, of so many second parts."""
    return [divmod(i, columns) for i in range(pairs.bit_length()) if pairs >> i & 1]


def renamed(memory: Sequence[Cells], elsewhere: Sequence[Held]) -> list[Cells]:
    """The maps of memory, then those of what is held elsewhere, with the values of each cell renamed by first use."""
    names: list[dict[int, int]] = [{} for _ in memory[0]]
    found: list[Cells] = []
    for cells in memory:
        found.append(tuple(known.setdefault(value, len(known)) for known, value in zip(names, cells, strict=True)))
    for values, cell_of in elsewhere:
        cells = tuple(
            names[cell_of[i]].setdefault(value, len(names[cell_of[i]])) if i in cell_of else NOTHING
            for i, value in enumerate(values)
        )
        found.append(cells)
    return found
