"""The part ``postcopy``: the guest walks its table and stores at the target, and what it stores must stay."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

Cells = tuple[Any, ...]
_BOOKS = (
    "postcopy.switched",
    "postcopy.awaited",
    "postcopy.waiting",
    "postcopy.requested",
    "postcopy.told",
    "postcopy.on_wire",
    "postcopy.queue",
    "postcopy.filled",
)
_TARGET = ("target.table.present", "target.table.frame", "target.table.writable")
_SOURCE = ("source.table.present", "source.table.frame", "source.table.writable")


def _entries(present: int, frame: Cells, writable: int) -> tuple[Any, ...]:
    named = tuple(f if (present | writable) >> i & 1 else NOTHING for i, f in enumerate(frame))
    return present, named, writable


def _tables(phase: Phase, ours: int, frames: Cells, rights: int, *target: Any) -> tuple[Any, ...]:
    nowhere = (NOTHING,) * len(frames)
    if phase == Phase.ABORTED:
        return phase, 0, nowhere, 0, 0, nowhere, 0
    return (phase, 0, nowhere, 0, *target) if phase == Phase.AFTER else (phase, ours, frames, rights, *target)


def _given_up(phase: Phase, dirty: int, to_send: int, noted: int, left: int, *books: Any) -> tuple[Any, ...]:
    if phase == Phase.ABORTED:
        return phase, 0, 0, 0, 0, False, 0, 0, 0, 0, 0, 0, 0
    if phase > Phase.LIVE:
        left = 0
    return phase, dirty, to_send, 0 if phase == Phase.AFTER else noted, left, *books


SPACE = PartSpace(
    dead=(
        Rule(_TARGET, _entries, "an entry that is neither present nor writable names no frame"),
        Rule(
            ("phase", *_SOURCE, *_TARGET),
            _tables,
            "nothing that is claimed reads the source's table once the target runs, or either after an abort",
        ),
        Rule(
            ("phase", "log.dirty", "rounds.to_send", "ghost.noted", "rounds.left", *_BOOKS),
            _given_up,
            "no round follows once the source stands still, nothing is sent after an abort, and what was noted is "
            "asked for until the guest runs at the target",
        ),
    ),
    alive=frozenset({"rounds.to_send", *_TARGET}),
    taken=frozenset({"target_store"}),
)
