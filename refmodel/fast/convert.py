"""``refmodel events convert``: between lines and columns, both ways."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from attrs import asdict

from refmodel.fast.arrow import events_in
from refmodel.fast.arrow_file import MAGIC, NAMES, ArrowWriter
from refmodel.fast.columns import Space
from refmodel.oracle.events import Begin, Event
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.events_file import dumps, read_events
from refmodel.unusable import Unusable

__all__ = ["convert", "is_arrow", "write_arrow"]

_HEX = re.compile(r"[0-9a-f]{16}")
_ROWS = 1 << 16
_LARGEST = {"pfn": 1 << 64, "pages": 1 << 64, "offset": 1 << 63}


def is_arrow(path: str) -> bool:
    """Whether the file begins as a columnar one does."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise Unusable(path, f"the file cannot be opened ({error.strerror})", "a readable file") from None


def convert(given: str, wanted: str) -> int:
    """Write the events of one file as another of the other format; how many there were. Unusable for what is none."""
    if is_arrow(given):
        return _write_lines(events_in(given), wanted)
    with open_input(given) as source:
        return write_arrow(read_events(source), wanted, given)


def _write_lines(events: Iterator[Event], path: str) -> int:
    count = 0
    try:
        with Path(path).open("wb") as file:
            for event in events:
                file.write(dumps([event]))
                count += 1
    except OSError as error:
        raise Unusable(path, error.strerror or str(error), "a file that can be written") from None
    return count


def write_arrow(events: Iterator[Event], path: str, where: str) -> int:
    """Write the events in columns; how many there were."""
    begin = next(events, None)
    if not isinstance(begin, Begin):
        raise Unusable(f"{where}: event 1", "no begin", "begin as the first event")
    if len(begin.blocks) > 1 << 16:
        raise Unusable(f"{where}: event 1", f"{len(begin.blocks)} blocks", "at most 65536")
    space = Space((block.name, block.pages) for block in begin.blocks)
    index = {name: number for number, name in enumerate(space.names)}
    kinds: dict[str, int] = {}
    count = 1
    try:
        writer = ArrowWriter(path, begin)
    except OSError as error:
        raise Unusable(path, error.strerror or str(error), "a file that can be written") from None
    try:
        rows: list[dict[str, Any]] = []
        for event in events:
            count += 1
            rows.append(_row(event, index, f"{where}: event {count}"))
            if len(rows) == _ROWS:
                writer.write(_batch(rows, kinds, writer.schema))
                rows = []
        writer.write(_batch(rows, kinds, writer.schema))
    finally:
        writer.close()
    return count


def _row(event: Event, index: dict[str, int], where: str) -> dict[str, Any]:
    name = type(event).__name__.lower()
    if name not in NAMES:
        raise Unusable(where, "a second begin", "one migration a file")
    row = asdict(event)
    row["event"] = NAMES.index(name)
    if "block" in row:
        if row["block"] not in index:
            raise Unusable(where, f"block {row['block']!r}", f"a block of {sorted(index)}")
        row["block"] = index[row["block"]]
    if "side" in row:
        row["side"] = int(row["side"] == "target")
    for field, largest in _LARGEST.items():
        value = row.get(field)
        if value is not None and not 0 <= value < largest:
            raise Unusable(where, f"{field} {value}", f"0 to {largest - 1}")
    digest = row.get("digest")
    if digest is not None:
        if _HEX.fullmatch(digest):
            row["digest"] = int(digest, 16)
        else:
            row["digest"], row["digest_text"] = None, digest
    return row


def _batch(rows: list[dict[str, Any]], kinds: dict[str, int], schema: Any) -> Any:
    for row in rows:
        if row.get("kind") is not None:
            kinds.setdefault(row["kind"], len(kinds))
    arrays = []
    for field in schema:
        column = [row.get(field.name) for row in rows]
        if field.name != "kind":
            arrays.append(pa.array(column, field.type))
            continue
        indices = pa.array([None if kind is None else kinds[kind] for kind in column], pa.int16())
        arrays.append(pa.DictionaryArray.from_arrays(indices, pa.array(list(kinds), pa.string())))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
