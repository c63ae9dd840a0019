"""The parts ``fifo-wire`` and ``channels``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.search.parts.values import MEMORY, Cells, members, renamed
from refmodel.state import Phase

__all__ = ["CHANNELS", "FIFO", "LATE", "QUEUE", "queue"]

_MEMORY = ("source.memory", "target.memory", "ghost.copied")
_EQUAL = "values go from a cell of the source to the same cell of the target, so that only which are equal is seen"
QUEUE = ("fifo.words", "fifo.pages", "fifo.value", "fifo.whole", "fifo.earlier", "fifo.newest", "fifo.after")


def queue(
    cells: int, words: int, pages: int, value: Cells, whole: int, earlier: int, newest: Cells, after: Cells
) -> Any:
    """The queue without what free places hold; and of which cell of memory each value is."""
    places = len(after)
    columns = len(value) // places
    rows = cells // columns
    used = {place for place, _ in members(words, columns)}
    of = {place: page for place, page in members(pages, rows) if place in used}
    cell_of = {place * columns + word: of[place] * columns + word for place, word in members(words, columns)}
    kept = sum(1 << place * rows + page for place, page in of.items())
    order = sum(1 << a * places + b for a, b in members(earlier, places) if a in used and b in used)
    under_way = set(cell_of.values())
    last = tuple(place if cell in under_way else NOTHING for cell, place in enumerate(newest))
    whole &= sum(1 << place for place in used)
    return cell_of, (words, kept, value, whole, order, last, after)


def _fifo(phase: Phase, source: Cells, target: Cells, copied: Cells, *fifo: Any) -> tuple[Any, ...]:
    cell_of, (words, pages, value, *rest) = queue(len(source), *fifo)
    if phase == Phase.ABORTED:
        source = target = copied = (0,) * len(source)
    source, target, copied, value = renamed((source, target, copied), [(value, cell_of)])
    return phase, source, target, copied, words, pages, value, *rest


def _late(phase: Phase, source: Cells, target: Cells, copied: Cells, references: int, *fifo: Any) -> tuple[Any, ...]:
    cell_of, (words, pages, value, *rest) = queue(len(source), *fifo)
    if phase == Phase.ABORTED:
        source = target = copied = (0,) * len(source)
    columns = len(value) // len(rest[-1])
    copies = {at: cell for at, cell in cell_of.items() if not references >> at // columns & 1}
    used = sum(1 << place for place in {at // columns for at in cell_of})
    source, target, copied, value = renamed((source, target, copied), [(value, copies)])
    return phase, source, target, copied, references & used, words, pages, value, *rest


LATE = PartSpace(
    dead=(
        Rule(
            ("phase", *_MEMORY, "references.places", *QUEUE),
            _late,
            f"a reference has no value before it leaves, and a free place no record; {_EQUAL}",
        ),
    ),
    alive=MEMORY,
    prelude=CONFIGURED,
)
FIFO = PartSpace(
    dead=(Rule(("phase", *_MEMORY, *QUEUE), _fifo, f"a free place has no record; {_EQUAL}"),),
    alive=MEMORY,
    renamed=("place",),
    prelude=CONFIGURED,
)


def _channels(
    phase: Phase,
    source: Cells,
    target: Cells,
    copied: Cells,
    pages: int,
    queued: int,
    flying: int,
    value: Cells,
    after: Cells,
) -> tuple[Any, ...]:
    columns = len(value) // len(after)
    rows = len(source) // columns
    busy = {chan for chan, _ in members(queued | flying, columns)}
    of = {chan: page for chan, page in members(pages, rows) if chan in busy}
    cell_of = {chan * columns + word: of[chan] * columns + word for chan, word in members(flying, columns)}
    if phase == Phase.ABORTED:
        source = target = copied = (0,) * len(source)
    source, target, copied, value = renamed((source, target, copied), [(value, cell_of)])
    kept = sum(1 << chan * rows + page for chan, page in of.items())
    return phase, source, target, copied, kept, queued, flying, value, after


CHANNELS = PartSpace(
    dead=(
        Rule(
            (
                "phase",
                *_MEMORY,
                "channels.pages",
                "channels.queued",
                "channels.flying",
                "channels.value",
                "channels.after",
            ),
            _channels,
            f"an idle channel has no page, and what has not left no value; {_EQUAL}",
        ),
    ),
    alive=MEMORY,
    renamed=("chan",),
    prelude=CONFIGURED,
)
