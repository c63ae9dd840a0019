"""The truth of a recording is the source's memory while it stands still, or there is none."""

import json
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from refmodel.oracle.recording import judge_recording
from refmodel.tap import forwarding
from tests.tap.ends import RAM, Target, migration, tapped

LOST = RAM[:-1] + b"\xff"


def test_before_the_wire_is_cut_the_memory_of_the_source_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, kept = forwarding._closed, list[bool]()

    async def closes(writer: StreamWriter, abrupt: bool = False) -> None:
        kept.append((tmp_path / "kept/truth.json").exists())
        (tmp_path / "ram").write_bytes(bytes(len(RAM)))  # the guest goes on at the source
        await closed(writer, abrupt)

    monkeypatch.setattr(forwarding, "_closed", closes)
    told, _ = tapped(tmp_path, ram=LOST, abort=True, record=tmp_path / "kept")
    assert told.target == "cut"
    assert kept == [True, True]
    assert [found.pfn for found in judge_recording(str(tmp_path / "kept")).findings] == [63]
    assert json.loads((tmp_path / "kept/result.json").read_text())["verdict"]["findings"][0]["pfn"] == 63


def test_of_a_source_that_runs_on_there_is_no_truth(tmp_path: Path) -> None:
    """The target is lost: the migration fails, and the guest goes on where it was."""
    stream, ram = migration(2000)

    async def leaves(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readexactly(5000)
        writer.close()

    async def sends(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(stream)
        await reader.read()

    told, _ = tapped(tmp_path, sends, Target(behaves=leaves), ram=ram, record=tmp_path / "kept")
    assert told.target == "lost"
    assert (tmp_path / "kept/result.json").exists()
    assert not (tmp_path / "kept/truth.json").exists()
