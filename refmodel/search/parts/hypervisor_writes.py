"""The part ``hypervisor-writes``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]


def _written(phase: Phase, written: int) -> tuple[Any, ...]:
    return phase, 0 if phase == Phase.ABORTED else written


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "hypervisor.written"),
            _written,
            "after an abort nothing is sent, so that nothing has to be marked",
        ),
    )
)
