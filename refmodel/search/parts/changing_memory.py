"""The parts ``memory-slots``, ``populate-on-demand`` and ``free-hints``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.state import Phase

__all__ = ["FREE", "POPULATED", "SLOTS"]

Cells = tuple[Any, ...]
_STANDING = frozenset({Phase.STOP_AND_COPY, Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER, Phase.ABORTED})
_COMMITTED = frozenset({Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER, Phase.ABORTED})


def _flushed(mapped: int, registered: int, flushed: int) -> tuple[Any, ...]:
    return mapped, registered, 0 if mapped == registered else flushed


def _slots(phase: Phase, mapped: int, registered: int, flushed: int) -> tuple[Any, ...]:
    return (phase, 0, 0, 0) if phase in _STANDING else (phase, mapped, registered, flushed)


def _left(phase: Phase, ram: int, tracked: int, synced: int, there: int) -> tuple[Any, ...]:
    return (phase, 0, 0, 0, 0) if phase == Phase.ABORTED else (phase, ram, tracked, synced, there)


def _memory(pages: int, source: Cells, target: Cells, copied: Cells, slot_of: Cells) -> tuple[Any, ...]:
    if len(source) > len(slot_of):
        return pages, source, target, copied, slot_of
    held = (tuple(word if pages >> p & 1 else 0 for p, word in enumerate(all_)) for all_ in (source, target, copied))
    return pages, *held, slot_of


def _hints(phase: Phase, free: int, current: int, stale: int) -> tuple[Any, ...]:
    if phase in _COMMITTED:
        return phase, 0 if phase == Phase.ABORTED else free, 0, 0
    return phase, free, current, stale


SLOTS = PartSpace(
    dead=(
        Rule(
            ("memory_map.mapped", "memory_map.registered", "memory_map.flushed"),
            _flushed,
            "while no slot is about to go, nobody asks who has been flushed, and the next starts with nobody",
        ),
        Rule(
            ("phase", "memory_map.mapped", "memory_map.registered", "memory_map.flushed"),
            _slots,
            "once the source has been harvested for the last time, its slots are idle",
        ),
        Rule(
            ("phase", "memory_map.ram", "memory_map.tracked", "memory_map.synced", "target_pages.there"),
            _left,
            "after an abort nothing is sent",
        ),
        Rule(
            ("memory_map.ram", "source.memory", "target.memory", "ghost.copied", "memory_map.slot_of"),
            _memory,
            "what a page of one word that is no RAM holds is read by nobody: to add it stores any value over it",
        ),
    ),
    renamed=("slot",),
    prelude=CONFIGURED,
)
POPULATED = PartSpace(prelude=(), left_out=frozenset({"target_populate"}))
FREE = PartSpace(
    dead=(
        Rule(
            ("phase", "hints.free", "hints.current", "hints.stale"),
            _hints,
            "from the commit on no page is put aside, and after an abort none is sent",
        ),
    ),
    left_out=frozenset({"target_take"}),
)
"""What is done to memory at the target is left out, as stores there are: nothing that is claimed reads it any more."""
