"""The part ``log-mode``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)


def _mode(phase: Phase, on: bool, read_only: int, flushed: int) -> tuple[Any, ...]:
    return (phase, False, 0, 0) if phase in _OVER else (phase, on, read_only, flushed)


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "log_mode.on", "log_mode.read_only", "log_mode.flushed"),
            _mode,
            "once the source stands still, no CPU stores and nothing is made read-only: the mode is idle",
        ),
    )
)
