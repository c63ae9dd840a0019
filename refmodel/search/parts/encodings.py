"""The parts ``zero-pages`` and ``delta-cache``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.search.parts.transport import QUEUE, queue
from refmodel.search.parts.values import MEMORY, Cells, members
from refmodel.state import Phase, Stage

__all__ = ["CACHE", "ZEROS"]

_MEMORY = ("source.memory", "target.memory", "ghost.copied")
_OVER = frozenset({Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER, Phase.ABORTED})


def _given_up(phase: Phase, source: Cells, target: Cells, copied: Cells, received: int) -> tuple[Any, ...]:
    nothing = (0,) * len(source)
    return (
        (phase, nothing, nothing, nothing, 0) if phase == Phase.ABORTED else (phase, source, target, copied, received)
    )


def _found(stage: Stage, found: int) -> tuple[Any, ...]:
    return stage, found if stage == Stage.READING else 0


ZEROS = PartSpace(
    dead=(
        Rule(("phase", *_MEMORY, "zeros.received"), _given_up, "nothing is sent after an abort"),
        Rule(("transfer.stage", "zeros.found"), _found, "the list of words found zero is about the page being read"),
    ),
    alive=MEMORY,
    prelude=CONFIGURED,
)


def _cache(
    phase: Phase, source: Cells, target: Cells, copied: Cells, page: Cells, words: int, held: Cells, *fifo: Any
) -> tuple[Any, ...]:
    on_the_wire, (left, pages, value, *rest) = queue(len(source), *fifo)
    if phase in _OVER:
        words, held = 0, (NOTHING,) * len(held)
    if phase == Phase.ABORTED:
        source = target = copied = (0,) * len(source)
    value = tuple(each if i in on_the_wire else NOTHING for i, each in enumerate(value))
    lines = {line for line, _ in members(words, len(held) // len(page))}
    page = tuple(p if line in lines else NOTHING for line, p in enumerate(page))
    return phase, source, target, copied, page, words, held, left, pages, value, *rest


CACHE = PartSpace(
    dead=(
        Rule(
            ("phase", *_MEMORY, "cache.page", "cache.words", "cache.value", *QUEUE),
            _cache,
            "a line without words has no page, and a free place on the wire no record; nothing is sent any more after "
            "the commit or an abort",
        ),
    ),
    alive=MEMORY,
    renamed=("line",),
    prelude=CONFIGURED,
)
