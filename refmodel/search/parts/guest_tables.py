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
    differs = tuple(int(s != t) for s, t in zip(source, target, strict=True))
    read = tuple(0 if c == s else 1 if c == t else 2 for s, t, c in zip(source, target, copied, strict=True))
    return phase, nothing if phase in _OVER else source, differs, read


def _tables(phase: Phase, trapped: int, claiming: bool, claimed: int, flushed: int) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, False, NOTHING, 0
    return phase, trapped, claiming, claimed if claiming else NOTHING, flushed


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "source.memory", "target.memory", "ghost.copied"),
            _memory,
            "the source's memory is read by walks until it stands still; of the target's, and of what was read, only "
            "whether it is the source's is seen, and the guest may make it differ by any store",
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
