"""The parts ``protect-at-harvest``, ``leaf-by-leaf`` and ``deferred-pages``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["DEFERRED", "LEAVES"]


def _deferred(phase: Phase, deferred: int) -> tuple[Any, ...]:
    return phase, 0 if phase == Phase.ABORTED else deferred


LEAVES = PartSpace(renamed=("chunk",))
"""Leaves have no order: a call may copy them in any."""

DEFERRED = PartSpace(
    dead=(Rule(("phase", "deferred"), _deferred, "after an abort nothing is sent, now or in a last round"),)
)
