"""The parts ``log-mode`` and ``mode-hint``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["HINT", "SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)


def _on(phase: Phase, on: bool) -> tuple[Any, ...]:
    return phase, on and phase != Phase.AFTER


def _switch(phase: Phase, read_only: int, flushed: int) -> tuple[Any, ...]:
    return (phase, 0, 0) if phase in _OVER else (phase, read_only, flushed)


def _hint(phase: Phase, saw_off: int) -> tuple[Any, ...]:
    return phase, 0 if phase in _OVER else saw_off


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "log_mode.on"),
            _on,
            "once the guest runs at the target, no store asks for the mode; before that, an abort has to end it",
        ),
        Rule(
            ("phase", "log_mode.read_only", "log_mode.flushed"),
            _switch,
            "once the source stands still, no CPU stores, and nothing is revoked or flushed",
        ),
    )
)
HINT = PartSpace(
    dead=(Rule(("phase", "mode_hint.saw_off"), _hint, "once the source stands still, no CPU faults"),),
)
