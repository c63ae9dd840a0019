"""From single events and runs of records to columns of a good length."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from attrs import frozen

from refmodel.fast.columns import Code, Columns, Control, Feed, Ints, Space, Words, code_of
from refmodel.fast.hashing import word_of
from refmodel.oracle.events import Event, Memory, Send, Store

__all__ = ["ROWS", "RunOfSends", "Sends", "columns_of", "feed_of"]

ROWS = 1 << 14
"""Rows at a time: enough that the handling of a row costs little, few enough to stay in the processor's cache."""


def columns_of(events: Sequence[Event], number: int, space: Space, word: Callable[[str], int] = word_of) -> Columns:
    """Events of pages, the first of which has this number, as columns."""
    count = len(events)
    columns = Columns(
        np.arange(number, number + count, dtype=np.int64),
        np.empty(count, np.uint8),
        np.empty(count, np.int64),
        np.zeros(count, np.uint64),
        np.ones(count, np.bool_),
        np.zeros(count, np.bool_),
        events.__getitem__,
    )
    for row, event in enumerate(events):
        code = code_of(event)
        assert code is not None
        columns.code[row] = code
        columns.page[row] = space.number(event.block, event.pfn)  # type: ignore[union-attr]
        digest = getattr(event, "digest", None)
        if digest is None:
            columns.known[row] = False
        else:
            columns.digest[row] = word(digest)
        columns.target[row] = isinstance(event, Store | Memory) and event.side == "target"
    return columns


def feed_of(events: Iterator[Event], rows: int = ROWS) -> Feed:
    """Any events, as they come. What ends them with an error is told after what came before it."""
    waiting: list[Event] = []
    number, space = 0, Space(())
    try:
        for event in events:
            number += 1
            if code_of(event) is not None:
                waiting.append(event)
                if len(waiting) == rows:
                    yield columns_of(waiting, number - rows + 1, space)
                    waiting = []
                continue
            if waiting:
                yield columns_of(waiting, number - len(waiting), space)
                waiting = []
            yield Control(number, event)
            blocks = getattr(event, "blocks", None)
            if blocks is not None:
                space = Space((block.name, block.pages) for block in blocks)
    except Exception:
        if waiting:
            yield columns_of(waiting, number - len(waiting) + 1, space)
        raise
    if waiting:
        yield columns_of(waiting, number - len(waiting) + 1, space)


@frozen
class RunOfSends:
    """Records of one block in a row; ``kind`` and ``text`` make them events again."""

    block: str
    pfn: Ints
    digest: Words
    offset: Ints
    kind: Callable[[int], str]
    text: Callable[[int], str]
    """Each for a row."""

    def event(self, row: int) -> Event:
        """A row as an event."""
        return Send(self.block, int(self.pfn[row]), self.text(row), self.kind(row), int(self.offset[row]))


class Sends:
    """Gathers runs until there are enough rows of them."""

    def __init__(self) -> None:
        self.runs: list[RunOfSends] = []
        self.rows = 0

    def add(self, run: RunOfSends) -> None:
        """One more run."""
        self.runs.append(run)
        self.rows += len(run.pfn)

    def taken(self, number: int, space: Space) -> Columns:
        """All of it as columns; the first event has this number."""
        runs, count = self.runs, self.rows
        starts = np.cumsum([0, *(len(run.pfn) for run in runs)])

        def event(row: int) -> Event:
            which = int(np.searchsorted(starts, row, side="right")) - 1
            return runs[which].event(row - int(starts[which]))

        self.runs, self.rows = [], 0
        return Columns(
            np.arange(number, number + count, dtype=np.int64),
            np.full(count, Code.SEND, np.uint8),
            np.concatenate([run.pfn + space.first[run.block] for run in runs]),
            np.concatenate([run.digest for run in runs]),
            np.ones(count, np.bool_),
            np.zeros(count, np.bool_),
            event,
        )
