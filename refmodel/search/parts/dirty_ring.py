"""The part ``dirty-ring``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.state import Phase

__all__ = ["SPACE"]

_STANDING = frozenset(phase for phase in Phase if phase > Phase.LIVE)
Cells = tuple[Any, ...]


def _push(phase: Phase, pushing: int, into: Cells, about: Cells) -> tuple[Any, ...]:
    if phase in _STANDING:
        pushing = 0
    live = [bool(pushing >> cpu & 1) for cpu in range(len(into))]
    kept = (tuple(held if on else NOTHING for held, on in zip(cells, live, strict=True)) for cells in (into, about))
    return phase, pushing, *kept


def _payload(phase: Phase, reading: bool, dirty: int, reset: int, page: Cells) -> tuple[Any, ...]:
    if phase in _STANDING and not reading:
        page = tuple(held if (dirty | reset) >> i & 1 else NOTHING for i, held in enumerate(page))
    return phase, reading, dirty, reset, page


def _reaper(reading: bool, cpu: int, entry: int) -> tuple[Any, ...]:
    return (reading, cpu, entry) if reading else (reading, NOTHING, NOTHING)


def _registers(sent: int, source: Cells, target: Cells) -> tuple[Any, ...]:
    return (
        sent,
        source,
        tuple(t if sent >> cpu & 1 else s for cpu, (s, t) in enumerate(zip(source, target, strict=True))),
    )


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "ring.pushing", "ring.into", "ring.about"),
            _push,
            "a vCPU that is not pushing, or will not run again, writes no entry",
        ),
        Rule(
            ("phase", "reaper.reading", "ring.dirty", "ring.reset", "ring.page"),
            _payload,
            "once the source stands still no entry is written, and the reaper comes to no free one",
        ),
        Rule(
            ("hand_over.registers_sent", "source.registers", "target.registers"),
            _registers,
            "what the target has of registers that are still to be sent will be written over",
        ),
        Rule(("reaper.reading", "reaper.cpu", "reaper.entry"), _reaper, "between two entries the reaper has none"),
    ),
    renamed=("entry",),
    prelude=CONFIGURED,
)
