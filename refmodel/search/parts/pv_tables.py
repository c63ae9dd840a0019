"""The part ``pv-tables``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.search.parts.values import MEMORY, Cells
from refmodel.state import Phase, Stage

__all__ = ["SPACE"]


def _given_up(phase: Phase, source: Cells, target: Cells, copied: Cells, tables: int, sent: int) -> tuple[Any, ...]:
    if phase == Phase.ABORTED:
        source = target = copied = (0,) * len(source)
        tables = sent = 0
    return phase, source, target, copied, tables, sent


def _asked(stage: Stage, asked: bool) -> tuple[Any, ...]:
    return stage, asked and stage != Stage.IDLE


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "source.memory", "target.memory", "ghost.copied", "types.tables", "types.sent"),
            _given_up,
            "nothing is sent after an abort",
        ),
        Rule(("transfer.stage", "types.asked"), _asked, "a type is asked for of the page in hand"),
    ),
    alive=MEMORY,
    prelude=CONFIGURED,
)
