"""The parts ``log-mode`` and ``mode-hint``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["HINT", "SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)


def _mode(phase: Phase, on: bool, read_only: int, flushed: int) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, on and phase == Phase.ABORTED, 0, 0
    return phase, on, read_only, flushed


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "log_mode.on", "log_mode.read_only", "log_mode.flushed"),
            _mode,
            "once the source stands still, no CPU stores and nothing is made read-only; that the mode is off after an "
            "abort is claimed",
        ),
    )
)


def _hint(phase: Phase, saw_off: int) -> tuple[Any, ...]:
    return phase, 0 if phase in _OVER else saw_off


HINT = PartSpace(dead=(Rule(("phase", "mode_hint.saw_off"), _hint, "once the source stands still, no CPU faults"),))
