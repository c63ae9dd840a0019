"""The part ``qemu-rounds``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_OVER = frozenset({Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER, Phase.ABORTED})


def _pending(phase: Phase, pages: int, exact: bool) -> tuple[Any, ...]:
    return (phase, 0, False) if phase in _OVER else (phase, pages, exact and phase <= Phase.LIVE)


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "pending.pages", "pending.exact"),
            _pending,
            "once the source stands still nobody asks when to sync or stop; the count is claimed to be right until the "
            "commit",
        ),
    )
)
