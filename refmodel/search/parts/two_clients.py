"""The part ``two-clients``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_STANDING = frozenset(phase for phase in Phase if Phase.LIVE < phase < Phase.ABORTED)


def _clients(phase: Phase, migrating: bool, tracking: bool, seen: int, ending: bool) -> tuple[Any, ...]:
    return (phase, False, False, 0, False) if phase in _STANDING else (phase, migrating, tracking, seen, ending)


def _seen(tracking: bool, tracked: int, seen: int) -> tuple[Any, ...]:
    return tracking, tracked, seen & tracked if tracking else 0


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "clients.migrating", "clients.tracking", "clients.seen", "clients.ending"),
            _clients,
            "once the source stands still, nobody starts or stops, and no store is seen",
        ),
        Rule(
            ("clients.tracking", "clients.tracked", "clients.seen"),
            _seen,
            "the second client's bits are read for its own range alone, and begin anew when it starts",
        ),
    )
)
