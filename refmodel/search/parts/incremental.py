"""The part ``incremental``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.search.parts.values import MEMORY, Cells, members, renamed
from refmodel.state import Phase

__all__ = ["SPACE"]

_LEFT_OUT = frozenset({"guest_unmap", "guest_flush", "guest_compute"})
"""What reaches no image: without a flush some stores go to a page that the guest has mapped elsewhere since, which are
stores all the same."""


def _memory(
    phase: Phase, source: Cells, target: Cells, copied: Cells, written: int, content: Cells, foreign: int
) -> tuple[Any, ...]:
    nothing = (0,) * len(source)
    if phase == Phase.ABORTED:
        return phase, nothing, nothing, nothing, 0, nothing, 0
    of = {cell: cell for cell, _ in members(written, 1)}
    source, target, copied, content = renamed((source, target, copied), [(content, of)])
    return phase, source, target, copied, written, content, foreign


def _numbers(phase: Phase, parent: int, restored: int, full: bool, closed: bool) -> tuple[Any, ...]:
    """Numbers are compared with each other, and with 0."""
    if phase == Phase.ABORTED:
        return phase, 0, 0, False, False
    return phase, min(parent, 1), int(restored == parent > 0), full, closed


SPACE = PartSpace(
    dead=(
        Rule(
            (
                "phase",
                "source.memory",
                "target.memory",
                "ghost.copied",
                "images.written",
                "images.content",
                "images.foreign",
            ),
            _memory,
            "values go from a cell of the source to the same cell elsewhere, so that only which are equal is seen; "
            "what an image does not have is looked at by nobody, and nothing after an abort",
        ),
        Rule(
            ("phase", "images.parent", "images.restored", "images.full", "images.closed"),
            _numbers,
            "of an image's number only whether the target holds it is seen",
        ),
    ),
    alive=MEMORY,
    left_out=_LEFT_OUT,
    prelude=CONFIGURED,
)
