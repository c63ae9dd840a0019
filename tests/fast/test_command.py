"""`refmodel fast`: what it reads, what it prints, and what it returns."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from refmodel.cli.root import root
from refmodel.fast.inputs import judge_path
from refmodel.recordings import RECORDINGS
from refmodel.unusable import Unusable
from tests.fast.test_xen import plain
from tests.oracle.recorded import event_file
from tests.oracle.test_schemas import faults
from tests.tap.ends import RAM, STREAM

LOST = next(recording for recording in RECORDINGS if recording.lost)


def ran(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(root, ["fast", *map(str, arguments)], input=given, standalone_mode=False)


def status(*arguments: str | Path, given: bytes | None = None) -> object:
    return ran(*arguments, given=given).return_value


def said(*arguments: str | Path, given: bytes | None = None) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads(ran(*arguments, "--json", given=given).stdout)
    assert faults("verdict", verdict) == []
    return verdict


def test_a_folder_with_its_truth_is_judged_and_its_pages_stories_are_told() -> None:
    verdict = said(LOST.path)
    assert verdict["verdict"] == "violation"
    assert len(verdict["findings"]) == LOST.lost
    assert all(found["story"] for found in verdict["findings"])
    shown = ran(LOST.path)
    assert shown.return_value == 1
    assert "the-last-store-arrives" in shown.output


def test_a_stream_is_compared_with_raw_memory(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(STREAM)
    (tmp_path / "ram").write_bytes(RAM)
    assert status(tmp_path / "s", "--ram", tmp_path / "ram") == 0
    assert status(tmp_path / "s", "--ram", f"pc.ram={tmp_path / 'ram'}") == 0
    (tmp_path / "s.xz").write_bytes(lzma.compress(STREAM))
    assert status(tmp_path / "s.xz", "--ram", tmp_path / "ram") == 0
    (tmp_path / "ram").write_bytes(RAM[:-1] + b"\xff")
    assert [found["pfn"] for found in said(tmp_path / "s", "--ram", tmp_path / "ram")["findings"]] == [63]


@pytest.mark.parametrize(
    ("ram", "why"),
    [(RAM + bytes(4096), "more than 64 pages"), (RAM[:-4096], "63 pages"), (RAM[:-1], "more than 64 pages, or part")],
)
def test_memory_of_another_length_is_unusable(tmp_path: Path, ram: bytes, why: str) -> None:
    (tmp_path / "s").write_bytes(STREAM)
    (tmp_path / "ram").write_bytes(ram)
    assert why in said(tmp_path / "s", "--ram", tmp_path / "ram")["reason"]
    assert "block 'x'" in said(tmp_path / "s", "--ram", f"x={tmp_path / 'ram'}")["reason"]
    assert "cannot be opened" in said(tmp_path / "s", "--ram", tmp_path / "none")["reason"]


def test_a_stream_of_xen_is_compared_with_raw_memory(tmp_path: Path) -> None:
    stream, memory = plain(600, 2)
    (tmp_path / "s").write_bytes(stream)
    (tmp_path / "ram").write_bytes(memory.tobytes())
    assert status(tmp_path / "s", "--ram", tmp_path / "ram") == 0


def test_standard_input_is_read_once() -> None:
    verdict = said("-", given=event_file("b"))
    assert verdict["verdict"] == "violation"
    assert not verdict["findings"][0]["story"]
    assert "only once" in verdict["notes"][0]
    assert status("-", given=event_file("a")) == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "begins with nothing"), (b"PK\3\4", "begins 50 4b"), (b"{", "no JSON"), (b"QEVM", "the-stream-is-whole")],
)
def test_what_is_none_of_these_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "x").write_bytes(content)
    verdict = said(tmp_path / "x")
    assert why in (verdict["reason"] or verdict["findings"][0]["rule"])


def test_paths_and_companions_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert status(tmp_path / "none") == 2
    assert "cannot be opened" in said(tmp_path / "none")["reason"]
    assert "no recording" in said(tmp_path)["reason"]
    (tmp_path / "e.ndjson").write_bytes(event_file("a"))
    assert "memory beside an event file" in said(tmp_path / "e.ndjson", "--truth", "t")["reason"]
    assert "no Arrow file" in said(tmp_path / "e.ndjson", "--shards", "2")["reason"]
    (tmp_path / "stream").write_bytes(STREAM)
    (tmp_path / "stream.mfd0").write_bytes(b"x")
    assert "multifd" in said(tmp_path)["reason"]


def test_events_of_checkpoints_are_judged_stepwise(tmp_path: Path) -> None:
    lines = event_file("a").replace(b'{"event": "pause"}', b'{"event": "pause"}\n{"event": "checkpoint"}')
    (tmp_path / "e.ndjson").write_bytes(lines)
    reason = judge_path(str(tmp_path / "e.ndjson")).reason
    assert reason is None or "judged stepwise" not in reason


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (["--dask", "2"], "--dask"),
        (["--shards", "2", "--ram", "memory"], "--shards"),
        (["--shards", "2", "--truth", "truth.json"], "--shards"),
        (["--shards", "2", "--deltas"], "--shards"),
    ],
)
def test_what_would_be_passed_over_is_refused(options: list[str], where: str) -> None:
    error = ran(LOST.path, *options).exception
    assert isinstance(error, Unusable)
    assert error.where == where
