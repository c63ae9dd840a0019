"""The hook: records in, bytes out, which judge and target see; one that fails, and one that cuts, do no other harm."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from refmodel.oracle.readers.qemu_records import Page, Record, SectionKind
from refmodel.tap.editing import Cut, edited
from refmodel.tap.given import Bytes
from tests.tap.ends import RAM, STREAM, TAIL_AT, sends_all, tapped

LAST = 60
"""A page of the last pass."""


def loses(record: Record, data: bytes) -> bytes:
    is_last = isinstance(record, Page) and record.section is SectionKind.END and record.pfn == LAST
    return b"" if is_last else data


def fails(record: Record, data: bytes) -> bytes:
    if isinstance(record, Page) and record.pfn == 9:
        raise ValueError("a fault of the hook")
    return data


def cuts(record: Record, data: bytes) -> bytes:
    if isinstance(record, Page) and record.section is SectionKind.END:
        raise Cut
    return data


def test_a_hook_sees_every_record_up_to_the_end_of_the_ram_and_no_byte_is_lost(tmp_path: Path) -> None:
    seen: list[Record] = []

    def same(record: Record, data: bytes) -> bytes:
        seen.append(record)
        assert len(data) == record.length
        return data

    told, target = tapped(tmp_path, ram=RAM, edit=same)
    assert target.came == STREAM
    assert told.status == 0, told
    assert sum(record.length for record in seen) > TAIL_AT


@pytest.mark.parametrize("aborts", [False, True])
def test_the_judge_sees_what_goes_out(aborts: bool, tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=RAM, edit=loses, abort=aborts, record=tmp_path / "kept")
    assert told.verdict is not None
    assert [found.pfn for found in told.verdict.findings] == [LAST]
    assert (told.target == "cut") == aborts
    assert (tmp_path / "kept/stream.orig").read_bytes() == STREAM
    assert len((tmp_path / "kept/stream").read_bytes()) == len(STREAM) - 4096 - 8
    assert aborts or target.came == (tmp_path / "kept/stream").read_bytes()


def test_a_hook_that_fails_harms_nobody_and_is_reported(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=RAM, edit=fails)
    assert target.came == STREAM
    assert target.runs
    assert told.failures == ["the hook ends: a fault of the hook"]
    assert told.status == 0


def test_a_hook_may_cut_the_wire(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, edit=cuts)
    assert told.target == "cut"
    assert not target.runs
    assert STREAM.startswith(target.came)
    assert [found.rule for found in (told.verdict.findings if told.verdict else ())] == ["the-stream-is-whole"]


def test_a_stream_that_cannot_be_read_passes_as_it_is() -> None:
    failures: list[str] = []
    given = Bytes()
    given.give(STREAM[:5000] + b"\xff" * 5000)
    given.end()
    assert b"".join(edited(given, "s", loses, failures.append)) == STREAM[:5000] + b"\xff" * 5000
    assert len(failures) == 1


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 18])
def test_however_the_bytes_come_the_same_go_out(size: int) -> None:
    given = Bytes()
    small = STREAM[: TAIL_AT if size == 1 else None]
    for at in range(0, len(small), size):
        given.give(small[at : at + size])
    given.end()
    assert b"".join(edited(given, "s", lambda record, data: data, lambda why: None)) == small


def test_a_source_that_is_lost_ends_the_hook(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(STREAM[:100_000])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()

    told, target = tapped(tmp_path, source, edit=loses)
    assert target.came == STREAM[:100_000]
    assert told.source == "closed"


def test_without_a_hook_nothing_is_kept_twice(tmp_path: Path) -> None:
    tapped(tmp_path, sends_all, record=tmp_path / "kept")
    assert not (tmp_path / "kept/stream.orig").exists()
