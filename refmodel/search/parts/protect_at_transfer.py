"""The part ``protect-at-transfer``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)


def _protection(phase: Phase, transferred: int) -> tuple[Any, ...]:
    return phase, 0 if phase in _OVER else transferred


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "protection.transferred"),
            _protection,
            "once the source stands still, no CPU walks or stores, so that protection is idle",
        ),
    )
)
