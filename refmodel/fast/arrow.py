"""Columnar event files: Arrow IPC files, whose schema stands in docs/events.md."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from attrs import asdict, frozen

from refmodel.fast.columns import NOWHERE, Columns, Control, Feed, Space
from refmodel.fast.hashing import word_of
from refmodel.fast.images import Wanted
from refmodel.oracle.events import Begin, Event
from refmodel.oracle.readers.events_file import event_of
from refmodel.unusable import Unusable

__all__ = ["MAGIC", "NAMES", "SCHEMA", "ArrowReading", "ArrowWriter", "events_in", "head_of", "opened"]

MAGIC = b"ARROW1"
_HEAD = b"refmodel"
_FORMAT = "refmodel-events"
_OF_PAGES = ("store", "release", "send", "memory")
_OF_ALL = ("round", "pause", "discard", "commit", "activate", "done", "abort")
_OF_CHECKPOINTS = ("checkpoint", "resume", "whole", "emit", "output", "takeover")
NAMES = (*_OF_PAGES, *_OF_ALL, *_OF_CHECKPOINTS)
"""The events by their code; those of one page come first."""
_PAGED = 4
_CHUNK = 1 << 16
SCHEMA = pa.schema(
    [
        pa.field("event", pa.uint8(), nullable=False),
        pa.field("block", pa.uint16()),
        pa.field("pfn", pa.uint64()),
        pa.field("digest", pa.uint64()),
        pa.field("digest_text", pa.string()),
        pa.field("side", pa.uint8()),
        pa.field("kind", pa.dictionary(pa.int16(), pa.string())),
        pa.field("offset", pa.int64()),
        pa.field("pages", pa.uint64()),
        pa.field("context", pa.bool_()),
        pa.field("packet", pa.string()),
    ]
)
"""The columns; all but the first three may be missing from a file, and then are null throughout."""
_NUMBER = pa.field("number", pa.int64(), nullable=False)
_TYPES = {field.name: field.type for field in [*SCHEMA, _NUMBER]}


@frozen
class Head:
    """What the file's metadata say: the begin, and of a shard the rest."""

    begin: Begin
    part: range | None
    """The pages, by their number over all blocks, that the file is about."""
    controls: tuple[Control, ...]
    """Of a shard: the events of all pages, but for the begin."""


def opened(path: str) -> Any:
    """The file, its batches to be read one by one; Unusable for another."""
    try:
        reader = pa.ipc.open_file(pa.memory_map(path))
    except (pa.ArrowException, OSError) as error:
        raise Unusable(path, f"no Arrow file ({_first_line(error)})", "an Arrow IPC file") from None
    for field in reader.schema:
        if _TYPES.get(field.name) != field.type:
            known = ", ".join(f"{name} ({kind})" for name, kind in _TYPES.items())
            raise Unusable(path, f"a column {field.name!r} of type {field.type}", f"columns of {known}")
    if missing := [name for name in ("event", "block", "pfn") if name not in reader.schema.names]:
        raise Unusable(path, f"no column {missing[0]!r}", "event, block and pfn at least")
    return reader


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:120]


def head_of(reader: Any, path: str) -> Head:
    """What the file says of itself."""
    where = f"{path}: metadata {_HEAD.decode()}"
    try:
        known = orjson.loads((reader.schema.metadata or {})[_HEAD])
        if known.pop("format") != _FORMAT:
            raise ValueError
        part, controls = known.pop("part", None), known.pop("controls", ())
        begin = event_of({"event": "begin", **known}, where)
        assert isinstance(begin, Begin)
        told = tuple(Control(int(number), event_of(given, where)) for number, given in controls)
        return Head(begin, None if part is None else range(int(part[0]), int(part[1])), told)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unusable(where, "no event file's", f'JSON with "format": "{_FORMAT}", version, blocks, stores') from None


def batches_of(reader: Any, path: str) -> Iterator[Any]:
    """Its batches, each found to be whole."""
    for index in range(reader.num_record_batches):
        try:
            batch = reader.get_batch(index)
            batch.validate(full=True)
        except (pa.ArrowException, OSError) as error:
            raise Unusable(f"{path}: batch {index}", _first_line(error), "a whole batch") from None
        for start in range(0, batch.num_rows, _CHUNK):
            yield batch.slice(start, _CHUNK)


def values(batch: Any, name: str, kind: Any, absent: int = 0) -> Any:
    """A column of numbers as an array; ``absent`` where it is null."""
    if name not in batch.schema.names:
        return np.full(batch.num_rows, absent, kind)
    column = batch.column(name)
    if column.null_count:
        column = column.fill_null(absent)
    return column.to_numpy(zero_copy_only=False)


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
    if side is not None and (side > 1 or kind in ("store", "memory")):
        given["side"] = ("source", "target")[side] if side < 2 else side
    digest, text = row.get("digest"), row.get("digest_text")
    if digest is not None or text is not None:
        given["digest"] = f"{digest:016x}" if text is None else text
    for name in ("pfn", "kind", "offset", "pages", "context", "packet"):
        if row.get(name) is not None:
            given[name] = row[name]
    return event_of(given, where)


def events_in(path: str) -> Iterator[Event]:
    """The events of a columnar file, one by one."""
    reader = opened(path)
    head = head_of(reader, path)
    if head.part is not None:
        raise Unusable(path, "a shard", "a whole event file")
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


class ArrowWriter:
    """Writes a columnar event file; ``part`` and ``controls`` make it a shard, whose rows have numbers."""

    def __init__(
        self, path: str, begin: Begin, part: range | None = None, controls: Iterable[Control] | None = None
    ) -> None:
        known: dict[str, Any] = {"format": _FORMAT, **asdict(begin)}
        schema = SCHEMA
        if part is not None:
            schema = schema.append(_NUMBER)
            told = [(c.number, {"event": type(c.event).__name__.lower(), **asdict(c.event)}) for c in controls or ()]
            known |= {"part": [part.start, part.stop], "controls": told}
        self.schema = schema.with_metadata({_HEAD: orjson.dumps(known)})
        self._file = Path(path).open("wb")  # noqa: SIM115 - closed by close()
        # One dictionary for the whole file, as the file format wants it: kinds are put in as they come.
        self._writer = pa.ipc.new_file(
            self._file, self.schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        )

    def write(self, batch: Any) -> None:
        """A batch of this schema."""
        self._writer.write_batch(batch)

    def close(self) -> None:
        """The file is whole."""
        self._writer.close()
        self._file.close()
