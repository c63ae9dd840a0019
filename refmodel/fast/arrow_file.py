"""Columnar event files as files: Arrow IPC by the schema of docs/events.md, its head, its batches, and a writer."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from attrs import asdict, frozen

from refmodel.fast.columns import Control
from refmodel.oracle.events import Begin
from refmodel.oracle.readers.events_file import event_of
from refmodel.unusable import Unusable

__all__ = ["MAGIC", "NAMES", "OF_PAGES", "SCHEMA", "ArrowWriter", "batches_of", "head_of", "opened", "values", "whole"]

MAGIC = b"ARROW1"
_HEAD = b"refmodel"
_FORMAT = "refmodel-events"
OF_PAGES = ("store", "release", "send", "memory")
"""Those of one page: their codes are the first."""
_OF_ALL = ("round", "pause", "discard", "commit", "activate", "done", "abort")
_OF_CHECKPOINTS = ("checkpoint", "resume", "whole", "emit", "output", "takeover")
_OF_HOSTS = ("acknowledge", "destroy", "fence", "lost", "images")
_OF_RESIDUE = ("logging", "reserve", "configure")
NAMES = (*OF_PAGES, *_OF_ALL, *_OF_CHECKPOINTS, *_OF_HOSTS, *_OF_RESIDUE)
"""The events by their code."""
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
        pa.field("runs", pa.bool_()),
        pa.field("told", pa.bool_()),
        pa.field("active", pa.bool_()),
        pa.field("flushed", pa.bool_()),
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


def whole(path: str) -> tuple[Any, Head]:
    """The file and its head; Unusable for a shard."""
    reader = opened(path)
    head = head_of(reader, path)
    if head.part is not None:
        raise Unusable(path, "a shard", "a whole event file")
    return reader, head


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
