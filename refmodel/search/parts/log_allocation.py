"""The part ``log-allocation``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_HARVESTED = frozenset(phase for phase in Phase if phase >= Phase.STOP_AND_COPY)


def _short(phase: Phase, short: bool) -> tuple[Any, ...]:
    return phase, short and phase not in _HARVESTED


SPACE = PartSpace(
    dead=(Rule(("phase", "allocation.short"), _short, "after the last harvest nothing is marked"),),
)
