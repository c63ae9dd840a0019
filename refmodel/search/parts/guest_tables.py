"""The part ``guest-tables``: what memory holds is read, by walks, so that values are not opaque any more."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)
Cells = tuple[Any, ...]


def _memory(phase: Phase, source: Cells, target: Cells, copied: Cells) -> tuple[Any, ...]:
    nothing = (0,) * len(source)
    if phase == Phase.ABORTED:
        return phase, nothing, nothing, nothing
    if phase not in _OVER:
        return phase, source, target, copied
    differs = tuple(int(s != t) for s, t in zip(source, target, strict=True))
    read = (0 if c == s else 1 if c == t else 2 for s, t, c in zip(source, target, copied, strict=True))
    return phase, nothing, differs, tuple(read)


def _tables(phase: Phase, trapped: int, claiming: bool, claimed: int, flushed: int) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, False, NOTHING, 0
    return phase, trapped, claiming, claimed if claiming else NOTHING, flushed


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "source.memory", "target.memory", "ghost.copied"),
            _memory,
            "once the source stands still no walk reads its memory, and values go from a source cell to the same "
            "cell of the target alone: only whether the two, and what was read, are equal is seen",
        ),
        Rule(
            ("phase", "tables.trapped", "tables.claiming", "tables.claimed", "tables.flushed"),
            _tables,
            "between two claims no frame is claimed; once the source stands still, nothing is stored or mapped",
        ),
    ),
    alive=frozenset({"source.memory"}),
    sizes={"value": 3},
)
"""Three values: an entry that is not present, one that is writable with A and D set, one without D, which the walker
makes the second. Read-only entries and A add values, and no way of going wrong that these do not have."""
