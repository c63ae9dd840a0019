"""The part ``grants``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_HARVESTED = frozenset({Phase.STOP_AND_COPY, Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER})


def _mapped(phase: Phase, mapped: int, marked: int) -> tuple[Any, ...]:
    if phase == Phase.ABORTED:
        return phase, 0, marked
    return (phase, mapped & ~marked, 0) if phase in _HARVESTED else (phase, mapped, marked)


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "granted.mapped", "granted.marked_last"),
            _mapped,
            "after the last harvest only a page that was not marked for it matters; after an abort nothing is sent",
        ),
    )
)
