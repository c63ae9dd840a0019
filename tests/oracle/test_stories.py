"""The stories of pages out of traces and store logs, what they leave possible, and companions of another run."""

import json
import shutil
from itertools import permutations
from pathlib import Path

import pytest

from refmodel.oracle.catalogue import CLASSES, classes_of, fixes_of
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.verdict import Finding, Verdict
from refmodel.recordings import RECORDINGS
from tests.oracle.qemu.run import T0, Run, content
from tests.oracle.qemu_writer import Sent

LOST = next(recording.path for recording in RECORDINGS if recording.name == "qemu72_lost_dirty_bits")
STALE, LATE = "the-last-store-arrives", "the-last-record-is-not-older-than-the-last-store"


def recorded(folder: Path, run: Run, source: dict[int, int], wire: list[list[Sent]] | None = None) -> Path:
    """The run in a folder; `source` has the seeds of pages that are other at the stop than what was sent of them."""
    last = {pfn: seed for one in run.passes for pfn, seed in one} | source
    memory = {str(pfn): digest(content(seed) if seed else bytes(4096)) for pfn, seed in last.items()}
    (folder / "stream").write_bytes(run.stream(wire))
    (folder / "truth.json").write_text(json.dumps({"source": {"pc.ram": memory}}))
    (folder / "src.trace").write_text("\n".join(run.source()) + "\n")
    (folder / "writes.csv").write_text("\n".join(run.log()) + "\n")
    return folder


def finding(verdict: Verdict, pfn: int, rule: str = STALE) -> Finding:
    [found] = [each for each in verdict.findings if (each.rule, each.pfn) == (rule, pfn)]
    return found


def told(story: tuple[str, ...]) -> list[str]:
    return [line.strip() for line in story]


def test_a_right_run_is_accepted_and_any_page_of_it_has_a_story(tmp_path: Path) -> None:
    verdict = judge_recording(str(recorded(tmp_path, Run(), {})), page=("pc.ram", 2))
    assert verdict.verdict == "accepted"
    assert verdict.asked is not None
    kinds = [line.split("  ", 1)[-1].split(" at 0x")[0] for line in told(verdict.asked.story)]
    assert kinds == [
        "bitmap sync 1 (dirty_pages 0)",
        "sent as page",
        "2 stores, 60.000 to 60.000 ms",
        "bitmap sync 2 (dirty_pages 2)",
        "sent as page",
        "2 stores, 150.000 to 150.000 ms",
        "the source's vCPUs stop",
        "bitmap sync 3 (dirty_pages 3)",
        "sent as page",
        "the migration is completed",
        kinds[-2],
        "no store of the log came after the last send",
    ]


def test_stores_that_no_sync_saw_are_told_between_the_last_send_and_the_stop(tmp_path: Path) -> None:
    run = Run(passes=[[(n, n + 1) for n in range(8)], [(1, 11)], []], stores=[(1, 50_000), (2, 60_000), (2, 150_000)])
    found = finding(judge_recording(str(recorded(tmp_path, run, {2: 22}))), 2)
    assert found.contracts == ("logging", "rounds")
    lines = told(found.story)
    sent = next(place for place, line in enumerate(lines) if "sent as" in line)
    assert [line.split("  ", 1)[0] for line in lines[sent + 1 :]] == [
        "60.000",
        "100.700",
        "150.000",
        "200.500",
        "200.700",
        "301.000",
        lines[-2].split("  ")[0],
        "so",
    ]
    assert lines[-1] == "so  4 stores after the last send; syncs 2, 3 came later, and it was not sent again"


def test_a_store_after_the_last_sync_is_the_hand_overs(tmp_path: Path) -> None:
    run = Run(passes=[[(n, n + 1) for n in range(8)], [(1, 11)], []], stores=[(1, 50_000), (2, 199_000)])
    lines = [line for line in run.source() if "bitmap_sync" not in line or int(line.split(".")[1][:6]) < 200_000]
    folder = recorded(tmp_path, run, {2: 22})
    (folder / "src.trace").write_text("\n".join(lines) + "\n")
    found = finding(judge_recording(str(folder)), 2)
    assert "hand-over" in found.contracts
    assert "transport" not in found.contracts
    assert found.story[-1].endswith("2 stores after the last send, and no sync after that")
    assert found.classes[0] == "M05"


def test_a_send_that_is_lost_on_the_wire_leaves_the_transport_alone(tmp_path: Path) -> None:
    run = Run()
    wire = [*run.sent()[:2], []]
    found = finding(judge_recording(str(recorded(tmp_path, run, {}, wire))), 2)
    assert found.contracts == ("transport",)
    assert any("its record is not on the wire" in line for line in found.story)
    assert found.story[-1].endswith("the record of the last send is not on the wire")


def test_an_old_copy_that_nobody_sent_leaves_the_transport_alone(tmp_path: Path) -> None:
    run = Run()
    wire = run.sent()
    wire[2] = [*wire[2], Sent("pc.ram", 1, content(2))]
    found = finding(judge_recording(str(recorded(tmp_path, run, {}, wire))), 1)
    assert found.contracts == ("transport",)
    assert found.story[-1].endswith("the last record on the wire is none that the source sent there")


def test_without_a_store_after_the_last_send_every_contract_stays_possible(tmp_path: Path) -> None:
    found = finding(judge_recording(str(recorded(tmp_path, Run(), {5: 55}))), 5)
    assert set(found.contracts) == {"logging", "rounds", "transport", "hand-over"}
    assert found.classes[:2] == ("M14", "M15")


def test_without_companions_the_story_is_the_events(tmp_path: Path) -> None:
    folder = recorded(tmp_path, Run(), {5: 55})
    (folder / "src.trace").unlink()
    found = finding(judge_recording(str(folder)), 5)
    assert set(found.contracts) == {"logging", "rounds", "transport", "hand-over"}
    assert [line.split(": ")[1].split(" as ")[0] for line in found.story] == [
        "sent live",
        "the source's vCPUs stand still",
        f"the source has {digest(content(55))}",
    ]


def test_a_page_that_is_stored_to_without_end_has_a_short_story(tmp_path: Path) -> None:
    run = Run(passes=[[(n, n + 1) for n in range(8)], *[[(1, 11 + n)] for n in range(60)], []])
    run.dirty = list(range(len(run.passes)))
    run.stores = [(1, time) for time in range(50_000, 6_000_000, 1_000)]
    folder = recorded(tmp_path, run, {1: 99})
    found = finding(judge_recording(str(folder)), 1)
    assert len(found.story) < 30
    assert "..." in told(found.story)
    assert any(" stores, " in line for line in found.story)


def test_the_story_of_a_lost_page_shows_the_bug_of_debian_12() -> None:
    verdict = judge_recording(str(LOST))
    stale = [found for found in verdict.findings if found.rule == STALE]
    assert len(stale) == 56
    assert sum(found.classes[0] == "M07" for found in stale) > 50
    for found in stale:
        assert set(found.contracts) <= {"logging", "rounds"}
        lines = told(found.story)
        kinds = [kind_of(line) for line in lines[:-1]]
        last = max(place for place, kind in enumerate(kinds) if kind == " sent as ")
        assert {" sync ", "vCPUs stop"} <= set(kinds[last:])
        assert any("store" in line for line in lines[last:-1])
        assert "came later, and it was not sent again" in lines[-1]
    [counted] = [found for found in verdict.findings if found.rule == "counted-dirty-pages-are-possible"]
    assert counted.classes[0] == "M07"


def kind_of(line: str) -> str:
    return next((kind for kind in (" sync ", " sent as ", "vCPUs stop") if kind in line), "")


def test_the_likeliest_classes_come_first_and_none_is_lost_by_signs() -> None:
    every = {"logging", "rounds", "transport", "hand-over"}
    plain = classes_of(STALE, every)
    assert classes_of(STALE, every, {"after-the-last-sync"})[0] == "M05"
    assert set(classes_of(STALE, every, {"no-store"})) == set(plain)
    assert "M20" not in classes_of(STALE, every, kind="page")
    assert "M20" in classes_of(STALE, every, kind="xbzrle")
    fixes = fixes_of([*plain, *plain])
    assert len({name for name, _ in fixes}) == len(fixes)
    assert {name for name, _ in fixes} <= set(CLASSES)


# Companions of another run.

WITH = {recording.name: {path.name: path for path in recording.path.iterdir()} for recording in RECORDINGS}
STREAMS = ("stream.xz", "stream.bin.xz")


def swapped(folder: Path, mine: str, file: str, theirs: str) -> Verdict:
    """The recording `mine` with this file of `theirs`."""
    shutil.copytree(next(each.path for each in RECORDINGS if each.name == mine), folder, dirs_exist_ok=True)
    shutil.copy(WITH[theirs][file], folder / file)
    return judge_recording(str(folder))


@pytest.mark.parametrize(
    ("mine", "theirs", "file"),
    [(a, b, file) for a, b in permutations(WITH, 2) for file in WITH[b] if file in WITH[a]],
)
def test_a_file_of_another_recording_is_never_accepted(mine: str, theirs: str, file: str, tmp_path: Path) -> None:
    verdict = swapped(tmp_path, mine, file, theirs)
    assert verdict.verdict != "accepted"
    if verdict.verdict == "unusable":
        assert "expected" in str(verdict.reason)
    if file in ("src.trace.xz", "dst.trace.xz", "writes.csv.xz"):
        assert verdict.verdict == "unusable"
        assert file in str(verdict.reason)


QEMU = [name for name, files in WITH.items() if "src.trace.xz" in files]


@pytest.mark.parametrize("seconds", [-3600, -1, 10, 3600])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("file", ["src.trace.xz", "writes.csv.xz"])
def test_a_clock_that_jumps_is_noticed(seconds: int, part: float, file: str, tmp_path: Path) -> None:
    right = next(each for each in RECORDINGS if each.name == "tiny_zero")
    shutil.copytree(right.path, tmp_path, dirs_exist_ok=True)
    with open_input(str(tmp_path / file)) as source:
        lines = source.read_rest(1 << 24, "a companion").decode().splitlines()
    (tmp_path / file).unlink()
    at = int(len(lines) * part)
    moved = lines[:at] + [shifted(line, seconds) for line in lines[at:]]
    (tmp_path / file.removesuffix(".xz")).write_text("\n".join(moved) + "\n")
    verdict = judge_recording(str(tmp_path))
    assert verdict.verdict == "unusable"
    assert file.removesuffix(".xz") in str(verdict.reason)
    assert "; expected" in str(verdict.reason)


def shifted(line: str, seconds: int) -> str:
    """A line of a trace or of a store log, dated so much later."""
    if "@" in line:
        thread, rest = line.split("@", 1)
        whole, text = rest.split(".", 1)
        return f"{thread}@{int(whole) + seconds}.{text}"
    cells = line.split(",")
    for place in (2, 7):
        cells[place] = str(int(cells[place]) + seconds * 1_000_000_000)
    return ",".join(cells)


def test_the_run_of_these_tests_begins_at_a_second() -> None:
    assert T0 % 1_000_000 == 0
