"""The part ``manual-protect``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.state import Phase

__all__ = ["SPACE"]

_HARVESTED = frozenset({Phase.STOP_AND_COPY, Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER})


def _chunk(clearing: bool, chunk: int) -> tuple[Any, ...]:
    return clearing, chunk if clearing else NOTHING


def _bits(phase: Phase, dirty: int, fetched: int, uncleared: int) -> tuple[Any, ...]:
    if phase in _HARVESTED:
        return phase, dirty & ~fetched, 0, 0
    return phase, dirty, fetched, uncleared


SPACE = PartSpace(
    dead=(
        Rule(("slot.clearing", "slot.chunk"), _chunk, "while no CLEAR is under way there is no chunk of its"),
        Rule(
            ("phase", "log.dirty", "slot.fetched", "slot.uncleared"),
            _bits,
            "after the last harvest nothing is fetched or cleared, and only bits that were never fetched are seen",
        ),
    ),
    renamed=("chunk",),
    prelude=CONFIGURED,
)
