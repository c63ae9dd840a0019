"""The parts ``xen-rounds`` and ``xen-2005-rounds``: of a counter only what is asked of it can be seen."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["TODAY", "YEAR_2005"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)
_GONE = frozenset(phase for phase in Phase if phase > Phase.STOP_AND_COPY)


def _policy(phase: Phase, iteration: int, counted: bool, dirty: int, converged: bool, target: int) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, False, 0, False, target
    return phase, iteration, counted, min(dirty, target) if counted else 0, converged, target


def _counters(phase: Phase, left: int, iteration: int, handled: int, total: int, target: int) -> tuple[Any, ...]:
    if phase in _OVER or not left:
        return phase, left, 0, 0, 0, target
    return phase, left, iteration, min(handled, target), total, target


def _bitmaps(phase: Phase, to_skip: int, to_fix: int) -> tuple[Any, ...]:
    return (phase, 0, 0) if phase in _GONE else (phase, to_skip, to_fix)


TODAY = PartSpace(
    dead=(
        Rule(
            ("phase", *(f"policy.{each}" for each in ("iteration", "counted", "dirty_count", "converged", "target"))),
            _policy,
            "the policy is asked while rounds run, and only whether a count is 0, or below the target",
        ),
    )
)

YEAR_2005 = PartSpace(
    dead=(
        Rule(
            ("phase", "rounds.left", *(f"skipping.{each}" for each in ("iteration", "handled", "total", "target"))),
            _counters,
            "the policy is asked while rounds run, and not once its caller allows no other; "
            "of a round only whether it handled fewer pages than the target",
        ),
        Rule(
            ("phase", "skipping.to_skip", "skipping.to_fix"),
            _bitmaps,
            "nothing is sent after the commit or an abort",
        ),
    )
)
