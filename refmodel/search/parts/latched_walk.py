"""The part ``latched-walk``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)
Cells = tuple[Any, ...]


def _latches(phase: Phase, walking: int, vpn: Cells, upper: Cells, leaf: Cells) -> tuple[Any, ...]:
    if phase in _OVER:
        walking = 0

    def read(cells: Cells) -> Cells:
        return tuple(cell if walking >> cpu & 1 else NOTHING for cpu, cell in enumerate(cells))

    return phase, walking, read(vpn), read(upper), read(leaf)


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "latches.walking", "latches.vpn", "latches.upper", "latches.leaf"),
            _latches,
            "a CPU that handles no fault has read nothing; once the source stands still, no fault goes on",
        ),
    ),
)
