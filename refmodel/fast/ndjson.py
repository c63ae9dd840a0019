"""Event files as columns: a line is looked at only as closely as it must be."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import copy
from typing import Any

import numpy as np
import orjson
from attrs import define, field, frozen

from refmodel.fast.buffered import Buffered
from refmodel.fast.columns import NOWHERE, Code, Columns, Control, Feed, Space
from refmodel.fast.hashing import word_of
from refmodel.fast.images import Wanted
from refmodel.fast.rows import ROWS
from refmodel.oracle.events import Begin, Event, Memory, Store
from refmodel.oracle.readers.events_file import event_of, lines_of
from refmodel.unusable import Unusable

__all__ = ["EventReading"]


@define
class _Waiting:
    """Rows that wait to be columns."""

    code: list[int] = field(factory=list)
    page: list[int] = field(factory=list)
    digest: list[int] = field(factory=list)
    known: list[bool] = field(factory=list)
    target: list[bool] = field(factory=list)
    given: list[dict[str, Any]] = field(factory=list)

    def columns(self, last: int, where: str) -> Columns:
        """They, of which the last event has this number."""
        given = self.given

        def event(row: int) -> Event:
            return event_of(dict(given[row]), where)

        return Columns(
            np.arange(last - len(given) + 1, last + 1, dtype=np.int64),
            np.array(self.code, np.uint8),
            np.array(self.page, np.int64),
            np.array(self.digest, np.uint64),
            np.array(self.known, np.bool_),
            np.array(self.target, np.bool_),
            event,
        )


@frozen
class EventReading:
    """An event file (NDJSON)."""

    where: str
    opens: Callable[[], AbstractContextManager[Any]]
    again: bool = True
    is_stream: bool = False
    rows: int = ROWS
    """Rows at a time."""

    def feed(self, wanted: Wanted | None) -> Feed:
        """All of it. What ends it with an error is told after what came before."""
        waiting, space, number = _Waiting(), Space(()), 0
        with self.opens() as file:
            source = Buffered(file, self.where)
            try:
                for line, given in _objects(source, self.where):
                    row = _row(given, space)
                    event = None
                    if row is None:
                        # What is no object is refused by it, and a copy of one is left as it was.
                        event = event_of(copy(given), f"{self.where}: line {line}")
                        row = _row_of(event, space)
                    number += 1
                    if row is not None:
                        _append(waiting, row, given)
                        if len(waiting.code) < self.rows:
                            continue
                    if waiting.code:
                        yield waiting.columns(number - (row is None), self.where)
                        waiting = _Waiting()
                    if row is None:
                        assert event is not None
                        yield Control(number, event)
                        if isinstance(event, Begin):
                            space = Space((block.name, block.pages) for block in event.blocks)
            except Unusable:
                if waiting.code:
                    yield waiting.columns(number, self.where)
                raise
            if waiting.code:
                yield waiting.columns(number, self.where)


def _objects(source: Buffered, where: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines_of(source), 1):
        try:
            yield number, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if line.strip():
                expected = "one event, as a JSON object"
                raise Unusable(f"{where}: line {number}", f"no JSON ({error.msg})", expected) from None


_Row = tuple[int, int, int, bool, bool]
"""Code, page, digest, whether it is known, whether it is about the target."""


def _row(given: Any, space: Space) -> _Row | None:
    """The row of an event of the common forms; None for one that is to be looked at more closely."""
    if type(given) is not dict:
        return None
    kind, block, pfn, digest = given.get("event"), given.get("block"), given.get("pfn"), given.get("digest")
    if type(block) is not str or type(pfn) is not int:
        return None
    more = len(given) - 3 - ("digest" in given)
    if kind == "send":
        form, offset = given.get("kind", ""), given.get("offset")
        is_offset = offset is None or type(offset) is int
        if type(digest) is not str or type(form) is not str or not is_offset:
            return None
        if more != ("kind" in given) + ("offset" in given):
            return None
        return Code.SEND, space.number(block, pfn), word_of(digest), True, False
    side = given.get("side", "source" if kind == "store" else None)
    if kind not in ("store", "memory") or side not in ("source", "target") or more != ("side" in given):
        return None
    if type(digest) is str:
        code = Code.STORE if kind == "store" else Code.MEMORY
        return code, space.number(block, pfn), word_of(digest), True, side == "target"
    if kind == "store" and digest is None:
        return Code.STORE, space.number(block, pfn), 0, False, side == "target"
    return None


def _row_of(event: Event, space: Space) -> _Row | None:
    """The same of an event that was read as the oracle does; None for one of all pages."""
    name = type(event).__name__.upper()
    if name not in Code.__members__:
        return None
    page = space.number(event.block, event.pfn)  # type: ignore[union-attr]
    digest = getattr(event, "digest", None)
    word, known = (0, False) if digest is None else (word_of(digest), True)
    return Code[name], page, word, known, isinstance(event, Store | Memory) and event.side == "target"


def _append(waiting: _Waiting, row: _Row, given: dict[str, Any]) -> None:
    code, page, digest, known, target = row
    waiting.code.append(code)
    waiting.page.append(page if page >= 0 else NOWHERE)
    waiting.digest.append(digest)
    waiting.known.append(known)
    waiting.target.append(target)
    waiting.given.append(given)
