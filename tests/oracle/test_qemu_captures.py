"""The QEMU stream reader on the recorded captures, where they are given: each is read as its own parse says."""

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zstandard

from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.errors import EarlyEnd, ReaderError
from refmodel.oracle.readers.qemu_records import (
    BlockList,
    Configuration,
    Device,
    EndOfFile,
    EndOfSection,
    Footer,
    Header,
    Page,
    PageKind,
    Record,
    Section,
    SectionKind,
    VmDescription,
)
from refmodel.oracle.readers.qemu_stream import read_stream

from .qemu_writer import encode_all
from .small_stream import collected

NOT_SET = "REFMODEL_CAPTURES names no folder of recordings (qemu/*/*/stream.zst)"


def captures() -> list[Path]:
    """Return the folders of the recorded QEMU streams, none without the environment variable."""
    root = os.environ.get("REFMODEL_CAPTURES")
    return sorted(path.parent for path in Path(root).glob("qemu/*/*/stream.zst")) if root else []


def as_event(record: Record) -> dict[str, Any]:
    """Return `record` in the form of the recordings' own parse."""
    event: dict[str, Any] = {"off": record.offset, "len": record.length}
    match record:
        case Header():
            return event | {"ev": "header"}
        case Configuration():
            return event | {"ev": "config", "machine": record.machine, "subs": list(record.subsections)}
        case Section():
            event |= {"ev": "section", "type": record.kind.value, "id": record.section_id, "sec": record.ordinal}
            start = {"name": record.name, "instance": record.instance, "version": record.version}
            return event | (start if record.kind is SectionKind.START else {})
        case BlockList():
            listed = [[block.name, block.length] for block in record.blocks]
            return event | {"ev": "blocks", "total": record.total, "blocks": listed}
        case Page():
            event |= {"ev": "page", "sec": record.ordinal, "stype": record.section.value, "block": record.block}
            event |= {"addr": record.pfn * 4096, "kind": record.kind.value}
            if record.kind is PageKind.MULTIFD:
                return event | {"off": None, "ch": record.channel, "packet": record.packet, "hash": record.digest}
            event |= {"cont": record.continued}
            return event | {"hash": record.digest} | ({} if record.fill is None else {"fill": record.fill})
        case EndOfSection():
            return event | {"ev": "eos", "sec": record.ordinal, "stype": record.section.value}
        case Footer():
            return event | {"ev": "footer", "id": record.section_id}
        case Device():
            event |= {"ev": "device", "name": record.name, "instance": record.instance, "id": record.section_id}
            return event | {"hash": record.digest}
        case EndOfFile():
            return event | {"ev": "eof"}
        case VmDescription():
            return event | {"ev": "vmdesc", "devices": record.devices, "page_size": record.page_size}
        case _:
            raise AssertionError(record)


def expected_events(folder: Path) -> tuple[list[dict[str, Any]], type[ReaderError] | None]:
    """Return the recording's own parse as far as it is read here, and the error that ends it."""
    lines = unpacked(folder / "records.jsonl.zst").splitlines()
    events: list[dict[str, Any]] = []
    for event in map(json.loads, lines):
        if event["ev"] == "error":
            return events, EarlyEnd
        event.pop("n", None)
        events.append(event)
    return events, None


def unpacked(path: Path) -> bytes:
    """Return the content of a zstd file."""
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()


@pytest.mark.skipif(not os.environ.get("REFMODEL_CAPTURES"), reason=NOT_SET)
def test_the_folder_of_recordings_holds_some() -> None:
    assert captures(), NOT_SET


@pytest.mark.skipif(not captures(), reason=NOT_SET)
@pytest.mark.parametrize("folder", captures(), ids=lambda path: path.name)
def test_a_recording_is_read_like_its_own_parse(folder: Path) -> None:
    with ExitStack() as stack:
        source, *channels = (
            stack.enter_context(open_input(str(path)))
            for path in [folder / "stream.zst", *sorted(folder.glob("stream.mfd*.zst"))]
        )
        records, error = collected(read_stream(source, channels, keep_bytes=True))
    events, expected_error = expected_events(folder)
    for record, event in zip(records, events, strict=False):
        assert as_event(record) == event
    assert type(error) is expected_error if expected_error else error is None
    assert len(records) == len(events)
    whole = unpacked(folder / "stream.zst")
    encoded = encode_all(records)
    assert whole.startswith(encoded)
    assert error or len(encoded) == len(whole)
