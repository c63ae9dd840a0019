"""The part ``two-clients``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)


def _seen(phase: Phase, tracking: bool, tracked: int, seen: int) -> tuple[Any, ...]:
    if phase in _OVER:
        seen = tracked
    return phase, tracking, tracked, seen & tracked if tracking else 0


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "clients.tracking", "clients.tracked", "clients.seen"),
            _seen,
            "the second client's bits are of its range alone, begin anew when it starts, and do not change once the "
            "source stands still: then all may as well be set",
        ),
    ),
    alive=frozenset({"log_mode.on"}),
)
"""The mode stays on after an abort, for the second client."""
