"""The bundled recordings: small, judged as they must be, and free of other people's code; wrong ones made of them."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.reduce import reduce_recording
from refmodel.recordings import RECORDINGS, Recording
from tests.oracle.xen import test_xen_captures as captures

CAPTURES = os.environ.get("REFMODEL_CAPTURES")
BY_NAME = {recording.name: recording for recording in RECORDINGS}
ALL = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: r.name)
ACCEPTED = pytest.mark.parametrize(
    "recording", [recording for recording in RECORDINGS if recording.verdict == "accepted"], ids=lambda r: r.name
)


def content(path: Path) -> bytes:
    with open_input(str(path)) as source:
        return source.read_rest(1 << 28, "a file")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: content(path) for path in folder.iterdir()}


def copied(recording: Recording, folder: Path, *but: str) -> Path:
    """Lay the recording out in `folder` without the files that begin with `but`."""
    for path in recording.path.iterdir():
        if not path.name.startswith(but or ("-",)):
            (folder / path.name).symlink_to(path)
    return folder


@ALL
def test_each_is_judged_as_it_must_be(recording: Recording) -> None:
    verdict = judge_recording(str(recording.path))
    assert verdict.verdict == recording.verdict, verdict.reason
    assert sum(f.rule == "the-last-store-arrives" for f in verdict.findings) == recording.lost
    assert bool(verdict.findings) == bool(recording.lost)


@ALL
def test_each_is_under_300_kb_as_the_readme_says(recording: Recording) -> None:
    files = list(recording.path.iterdir())
    size = sum(path.stat().st_size for path in files)
    assert size < 300_000
    assert f"| `{recording.name}` | {size:,} |" in (recording.path.parent / "README.md").read_text()
    assert all(path.suffix == ".xz" for path in files)


@ALL
def test_the_targets_memory_is_not_needed(recording: Recording, tmp_path: Path) -> None:
    copied(recording, tmp_path, "truth.json", "dst.mem")
    if (recording.path / "truth.json.xz").exists():
        truth = json.loads(content(recording.path / "truth.json.xz"))
        (tmp_path / "truth.json").write_text(json.dumps({"source": truth["source"]}))
    verdict = judge_recording(str(tmp_path))
    assert verdict.verdict == recording.verdict
    assert sum(f.rule == "the-last-store-arrives" for f in verdict.findings) == recording.lost


@ACCEPTED
def test_without_the_sources_memory_none_is_accepted(recording: Recording, tmp_path: Path) -> None:
    verdict = judge_recording(str(copied(recording, tmp_path, "truth.json", "src.mem")))
    assert (verdict.verdict, verdict.findings) == ("unusable", ())


def test_the_loss_is_found_from_trace_and_store_log_alone(tmp_path: Path) -> None:
    verdict = judge_recording(str(copied(BY_NAME["qemu72_lost_dirty_bits"], tmp_path, "truth.json")))
    found = Counter(finding.rule for finding in verdict.findings)
    assert verdict.verdict == "violation"
    assert found["the-last-record-is-not-older-than-the-last-store"] == 56
    assert found["counted-dirty-pages-are-possible"] == 1


def test_no_code_of_others_is_bundled() -> None:
    for recording in RECORDINGS:
        for name, data in contents(recording.path).items():
            for words in (b"SeaBIOS", b"Linux version", b"\x7fELF", b"GenuineIntel\0", b"swapper", b"printk"):
                assert words not in data, (recording.name, name, words)


def test_the_shadow_is_judged_in_full() -> None:
    verdict = judge_recording(str(BY_NAME["xen_shadow"].path))
    counts = {each.rule: each.count for each in verdict.checked}
    assert "may have been written after it" in (verdict.reason or "")
    assert counts["a-shadow-mapping-has-the-guests-own-frame"] == 1730
    assert counts["a-page-writable-in-the-shadow-is-in-the-next-clean"] == 1542


QUICK = ("tiny_zero", "qemu72_lost_dirty_bits", "xen_shadow")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in BY_NAME]
)
def test_reducing_a_reduced_one_changes_nothing(name: str, tmp_path: Path) -> None:
    recording = BY_NAME[name]
    reduced = reduce_recording(recording.path, tmp_path / "again")
    assert not reduced.differences
    assert contents(tmp_path / "again") == contents(recording.path)


@pytest.mark.slow
@pytest.mark.skipif(not CAPTURES, reason="REFMODEL_CAPTURES names no folder of recordings")
@ALL
def test_each_is_what_the_command_makes_of_the_whole_one(recording: Recording, tmp_path: Path) -> None:
    assert CAPTURES is not None
    whole = Path(CAPTURES, recording.source)
    assert not reduce_recording(whole, tmp_path / "made").differences
    assert contents(tmp_path / "made") == contents(recording.path)


@pytest.fixture
def _bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tests of whole recordings of Xen find the bundled ones instead, where their cuts are the same."""
    xen = tmp_path / "xen"
    xen.mkdir()
    for name in ("idle", "traced", "shadow"):
        (xen / name).symlink_to(BY_NAME[f"xen_{name}"].path)
    monkeypatch.setattr(captures, "FOLDER", xen)
    known = (captures.whole, captures.records, captures.judged)
    for each in known:
        each.cache_clear()
    yield
    for each in known:
        each.cache_clear()


CHOSEN = (
    "a stale last copy",
    "two pages swapped",
    "a page sent as absent",
    "a wrong frame in an entry",
    "a pinned table's type lost",
    "a pass that lacks a page",
    "a shadow mapping made writable",
    "a fault that was not traced",
    "the source's p2m list at the target",
    "a truncation",
)


@pytest.mark.usefixtures("_bundled")
@pytest.mark.parametrize("wrong", [each for each in captures.WRONG if each.what in CHOSEN], ids=lambda w: str(w.what))
def test_one_made_wrong_is_rejected_for_its_reason(wrong: captures.Wrong, tmp_path: Path) -> None:
    assert len({each.what for each in captures.WRONG} & set(CHOSEN)) == len(CHOSEN)
    folder = tmp_path / "wrong"
    folder.mkdir()
    verdict = judge_recording(str(captures.beside(folder, wrong.of, wrong.change())))
    assert verdict.verdict == "violation", verdict.reason
    assert wrong.rule in {finding.rule for finding in verdict.findings}
