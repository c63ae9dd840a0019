"""Columnar event files, read: as columns for the fast judge, or event by event."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from refmodel.fast.arrow_file import NAMES, OF_PAGES, batches_of, head_of, opened, values, whole
from refmodel.fast.columns import NOWHERE, Columns, Control, Feed, Space
from refmodel.fast.hashing import word_of
from refmodel.fast.images import Wanted
from refmodel.oracle.events import Event
from refmodel.oracle.readers.events_file import event_of
from refmodel.unusable import Unusable

__all__ = ["ArrowReading", "events_in"]

_PAGED = len(OF_PAGES)
"""Codes below are of events of one page."""


@frozen
class ArrowReading:
    """A columnar event file, or a shard of one."""

    where: str
    again: bool = True
    is_stream: bool = False

    @property
    def part(self) -> range | None:
        """The pages that it is about, where it is a shard."""
        return head_of(opened(self.where), self.where).part

    def feed(self, wanted: Wanted | None) -> Feed:
        """All of it."""
        reader = opened(self.where)
        head = head_of(reader, self.where)
        space = Space((block.name, block.pages) for block in head.begin.blocks)
        yield Control(1, head.begin)
        number, controls = 2, list(head.controls)
        for batch in batches_of(reader, self.where):
            codes = values(batch, "event", np.uint8)
            if len(codes) and int(codes.max()) >= len(NAMES):
                row = int(np.argmax(codes >= len(NAMES)))
                raise Unusable(f"{self.where}: event {number + row}", f"code {codes[row]}", "a code of an event")
            sharded = "number" in batch.schema.names
            numbers = values(batch, "number", np.int64) if sharded else np.arange(number, number + len(codes))
            number += len(codes)
            columns = _columns(batch, codes, numbers, space, self.where)
            while controls and len(numbers) and controls[0].number < numbers[-1]:
                before = int(np.searchsorted(numbers, controls[0].number))
                if before:
                    yield columns.rows(np.arange(before))
                yield controls.pop(0)
                columns, numbers = columns.rows(np.arange(before, len(numbers))), numbers[before:]
            yield from _with_controls(columns, columns.code)
        yield from controls


def _with_controls(columns: Columns, codes: Any) -> Feed:
    done = 0
    if len(codes) == 0 or int(codes.max()) < _PAGED:
        yield columns
        return
    for row in map(int, np.flatnonzero(codes >= _PAGED)):
        if row > done:
            yield columns.rows(np.arange(done, row))
        yield Control(int(columns.numbers[row]), columns.event(row))
        done = row + 1
    if done < len(codes):
        yield columns.rows(np.arange(done, len(codes)))


def _columns(batch: Any, codes: Any, numbers: Any, space: Space, where: str) -> Columns:
    pfn = values(batch, "pfn", np.uint64)
    block = values(batch, "block", np.uint16)
    sizes = np.array(space.sizes, np.uint64)
    firsts = np.array([space.first[name] for name in space.names], np.int64)
    if len(sizes) == 1 and not block.any():
        inside, page = pfn < sizes[0], pfn.astype(np.int64)
    else:
        known = block < len(sizes)
        index = np.where(known, block, 0)
        inside = known & (pfn < (sizes[index] if len(sizes) else 0))
        page = (firsts[index] if len(sizes) else 0) + pfn.astype(np.int64)
    if not inside.all():
        page[~inside] = NOWHERE
    names = batch.schema.names
    digest = values(batch, "digest", np.uint64)
    is_known = np.ones(len(codes), np.bool_)
    if "digest" in names and batch.column("digest").null_count:
        is_known = np.asarray(batch.column("digest").is_valid())
    elif "digest" not in names:
        is_known[:] = False
    if "digest_text" in names and batch.column("digest_text").null_count < len(codes):
        texts = batch.column("digest_text")
        rows = np.flatnonzero(np.asarray(texts.is_valid()))
        digest = digest.copy()
        digest[rows] = [word_of(text) for text in texts.take(pa.array(rows)).to_pylist()]
        is_known[rows] = True
    side = values(batch, "side", np.uint8)

    def event(row: int) -> Event:
        return _event(batch.slice(row, 1).to_pylist()[0], space, f"{where}: event {int(numbers[row])}")

    columns = Columns(numbers, codes, page, digest, is_known, side != 0, event)
    lacking = ((codes == 2) | (codes == 3)) & ~is_known
    for name in ("block", "pfn"):
        if batch.column(name).null_count:
            lacking |= (codes < _PAGED) & ~np.asarray(batch.column(name).is_valid())
    if lacking.any() or (len(side) and int(side.max()) > 1):
        event(int(np.argmax(lacking | (side > 1))))
    return columns


def _event(row: dict[str, Any], space: Space, where: str) -> Event:
    """A row as an event; Unusable where it is none."""
    kind, block = NAMES[row["event"]], row["block"]
    given: dict[str, Any] = {"event": kind}
    if block is not None:
        given["block"] = space.names[block] if block < len(space.names) else f"number {block}"
    side = row.get("side")
    if side is not None and (side > 1 or kind in ("store", "memory", "images")):
        given["side"] = ("source", "target")[side] if side < 2 else side
    digest, text = row.get("digest"), row.get("digest_text")
    if digest is not None or text is not None:
        given["digest"] = f"{digest:016x}" if text is None else text
    for name in ("pfn", "kind", "offset", "pages", "context", "packet", "runs", "told", "active", "flushed"):
        if row.get(name) is not None:
            given[name] = row[name]
    return event_of(given, where)


def events_in(path: str) -> Iterator[Event]:
    """The events of a columnar file, one by one."""
    reader, head = whole(path)
    space = Space((block.name, block.pages) for block in head.begin.blocks)
    yield head.begin
    number = 2
    for batch in batches_of(reader, path):
        for row in batch.to_pylist():
            where = f"{path}: event {number}"
            if row["event"] >= len(NAMES):
                raise Unusable(where, f"code {row['event']}", "a code of an event")
            yield _event(row, space, where)
            number += 1
