"""The part ``superpages``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)


def _large(phase: Phase, mapped: int, writable: int, held: int, held_writable: int) -> tuple[Any, ...]:
    return (phase, 0, 0, 0, 0) if phase in _OVER else (phase, mapped, writable, held, held_writable)


SPACE = PartSpace(
    dead=(
        Rule(
            (
                "phase",
                "superpages.mapped",
                "superpages.writable",
                "superpages.held",
                "superpages.held_writable",
            ),
            _large,
            "once the source stands still, no CPU walks or stores, so that large entries are idle",
        ),
    ),
    renamed=("region",),
)
