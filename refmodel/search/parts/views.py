"""The part ``views``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset(phase for phase in Phase if phase > Phase.LIVE)
_TABLE = ("views.table.present", "views.table.writable", "views.table.frame")


def _idle(phase: Phase, alternate: int, present: int, writable: int, frame: tuple[Any, ...]) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, 0, 0, (NOTHING,) * len(frame)
    named = tuple(f if (present | writable) >> i & 1 else NOTHING for i, f in enumerate(frame))
    return phase, alternate, present, writable, named


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "views.alternate", *_TABLE),
            _idle,
            "once the source stands still, no CPU walks a view; an entry that is not there names no frame",
        ),
    ),
)
