"""The rules on recorded migrations, and any bytes as companions."""

import os
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refmodel.oracle.qemu import Companions, Report
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.errors import BrokenStream, UnusableInput, WrongCompanion
from refmodel.oracle.readers.qemu_stream import read_stream

from .run import Run, judge

NOT_SET = "REFMODEL_CAPTURES names no folder of recordings (qemu/*/*/stream.zst)"
LATE, COUNT = "the-last-record-is-not-older-than-the-last-store", "counted-dirty-pages-are-possible"
# Recordings that were made from another: that one's traces are theirs, and show what was done to the wire.
EXPECTED = {
    "drop_resend": {"every-record-is-loaded", "a-traced-send-is-on-the-wire", LATE},
    "replay_old": {"every-record-is-loaded", "a-record-was-sent"},
    "wrong_address": {"every-record-is-loaded", "a-traced-send-is-on-the-wire", "a-record-was-sent", LATE},
}
FILES = ("src.trace.zst", "dst.trace.zst", "writes.csv.zst")


def captures() -> list[Path]:
    root = os.environ.get("REFMODEL_CAPTURES")
    return sorted(path.parent for path in Path(root).glob("qemu/*/*/stream.zst")) if root else []


def traced() -> list[Path]:
    return [folder for folder in captures() if (folder / FILES[0]).exists()]


def hold(stream: Path, beside: Path) -> Report:
    """Hold the recording in `stream` against what lies in `beside`."""
    companions = Companions(beside)
    with ExitStack() as stack:
        paths = [stream / "stream.zst", *sorted(stream.glob("stream.mfd*.zst"))]
        source, *channels = (stack.enter_context(open_input(str(path))) for path in paths)
        try:
            for _ in companions.watch(read_stream(source, channels, keep_bytes=True)):
                pass
        except BrokenStream:
            assert stream.name in ("tiny_cancel", "truncated")
    return companions.report()


@pytest.mark.skipif(not captures(), reason=NOT_SET)
@pytest.mark.parametrize("folder", captures(), ids=lambda path: path.name)
def test_each_recording_comes_out_right(folder: Path) -> None:
    report = hold(folder, folder)
    if folder.name != "qemu72_lost_dirty_bits":
        assert report.findings == ()
        return
    assert {finding.rule for finding in report.findings} == {LATE, COUNT}
    assert len([finding for finding in report.findings if finding.rule == LATE]) >= 50
    assert all("logging" in finding.contracts for finding in report.findings)


@pytest.mark.skipif(not traced(), reason=NOT_SET)
@pytest.mark.parametrize("beside", traced(), ids=lambda path: f"beside-{path.name}")
@pytest.mark.parametrize("folder", captures(), ids=lambda path: path.name)
def test_companions_of_another_run_are_never_taken(folder: Path, beside: Path, tmp_path: Path) -> None:
    if folder == beside:
        return
    if beside.name == "tiny" and not (folder / FILES[0]).exists():
        assert {finding.rule for finding in hold(folder, beside).findings} == EXPECTED.get(folder.name, set())
        return
    for name in FILES[:2]:
        part = tmp_path / name
        part.mkdir()
        shutil.copy(beside / name, part / name)
        with pytest.raises(WrongCompanion):
            hold(folder, part)


@pytest.mark.skipif(not traced(), reason=NOT_SET)
@pytest.mark.parametrize("beside", traced(), ids=lambda path: f"beside-{path.name}")
@pytest.mark.parametrize("folder", traced(), ids=lambda path: path.name)
def test_the_stores_of_another_run_are_never_taken(folder: Path, beside: Path, tmp_path: Path) -> None:
    if folder == beside:
        return
    shutil.copy(folder / FILES[0], tmp_path / FILES[0])
    shutil.copy(beside / FILES[2], tmp_path / FILES[2])
    with pytest.raises(WrongCompanion):
        hold(folder, tmp_path)


RUN = Run()
LINES = {"source": RUN.source(), "target": RUN.target(), "log": RUN.log()}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_companions_end_in_a_report_or_unusable_input(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(LINES)))
    damaged = {key: list(lines) for key, lines in LINES.items()}
    lines = damaged[name]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["drop", "twice", "move", "text"]))
        line = lines.pop(at)
        if how == "text":
            place = data.draw(st.integers(0, len(line)))
            line = line[:place] + data.draw(st.text("0123456789abx@,: .-", max_size=4)) + line[place + 1 :]
        if how != "drop":
            lines.insert(data.draw(st.integers(0, len(lines))) if how == "move" else at, line)
        if how == "twice":
            lines.insert(at, line)
        if not lines:
            return
    with suppress(UnusableInput):
        judge(tmp_path, RUN.stream(), damaged["source"], damaged["target"], damaged["log"])
