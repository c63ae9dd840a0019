"""The parts of the contract *transport*."""

from collections.abc import Sequence
from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.state import Phase

__all__ = ["FIFO", "MEMORY", "in_order", "members"]

Cells = tuple[Any, ...]
MEMORY = frozenset({"source.memory", "target.memory", "ghost.copied"})


def members(bits: int, columns: int) -> list[tuple[int, int]]:
    """The members of a set of pairs, of so many second parts."""
    return [divmod(i, columns) for i in range(bits.bit_length()) if bits >> i & 1]


def in_order(values: Sequence[int]) -> list[int]:
    """The values renamed by where they come first, so that the first is 0."""
    names: dict[int, int] = {}
    return [names.setdefault(value, len(names)) for value in values]


def _fifo(
    phase: Phase,
    source: Cells,
    target: Cells,
    copied: Cells,
    words: int,
    pages: int,
    value: Cells,
    earlier: int,
    newest: Cells,
    after: Cells,
) -> tuple[Any, ...]:
    cells = len(source)
    if phase == Phase.ABORTED:
        nothing = (0,) * cells
        return phase, nothing, nothing, nothing, 0, 0, (NOTHING,) * len(value), 0, (NOTHING,) * cells, after
    places = len(after)
    columns = len(value) // places
    under_way = members(words, columns)
    used = {place for place, _ in under_way}
    of = {place: page for place, page in members(pages, cells // columns) if place in used}
    brought: dict[int, list[int]] = {}
    for place, word in under_way:
        brought.setdefault(of[place] * columns + word, []).append(place * columns + word)
    memory, values = [], [NOTHING] * len(value)
    for cell in range(cells):
        records = brought.get(cell, [])
        seen = in_order([source[cell], target[cell], copied[cell], *(value[i] for i in records)])
        memory.append(seen[:3])
        for i, renamed in zip(records, seen[3:], strict=True):
            values[i] = renamed
    ours, theirs, read = zip(*memory, strict=True)
    still = sum(1 << place * (cells // columns) + page for place, page in of.items())
    order = sum(1 << a * places + b for a, b in members(earlier, places) if a in used and b in used)
    last = tuple(k if cell in brought else NOTHING for cell, k in enumerate(newest))
    return phase, ours, theirs, read, words, still, tuple(values), order, last, after


FIFO = PartSpace(
    dead=(
        Rule(
            (
                "phase",
                "source.memory",
                "target.memory",
                "ghost.copied",
                "fifo.words",
                "fifo.pages",
                "fifo.value",
                "fifo.earlier",
                "fifo.newest",
                "fifo.after",
            ),
            _fifo,
            "a place that is free has no record, and values go from a cell of the source to the same cell of the "
            "target alone, so that only which of them are equal is seen",
        ),
    ),
    alive=MEMORY,
    renamed=("place",),
    prelude=CONFIGURED,
)
