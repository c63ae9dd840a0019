"""What the fuzzer of the readers has found, one test each, named for what was wrong."""

import time
from pathlib import Path

import pytest
import zstandard

from fuzz.readers import qemu_seeds, reading
from fuzz.readers.limits import answer
from fuzz.readers.xen_seeds import recordings as xen_recordings
from refmodel.oracle.events import Activate, Begin, Block, Commit, Discard, Done, Event, Memory, Pause, Send
from refmodel.oracle.judge import Judge
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.qemu.wire import Wire
from refmodel.oracle.readers import qemu_command_records as commands
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.summary import summary
from refmodel.oracle.truth import read_truth
from refmodel.oracle.xen.passes import Passes
from refmodel.oracle.xen.records import Page
from refmodel.unusable import Unusable

DEEP = "[" * 1000 + "]" * 1000


def judged(*events: Event) -> Judge:
    judge = Judge("a test")
    for event in events:
        judge.take(event)
    return judge


@pytest.mark.parametrize(
    "line",
    [f'{{"event": {DEEP}}}', f'{{"event": "round", "pfn": {DEEP}}}', f'{{"event": "discard", "pfn": {DEEP}}}'],
)
def test_an_event_nested_deeper_than_python_recurses_is_refused(line: str) -> None:
    assert answer(reading.events, line.encode()).startswith("Unusable")


@pytest.mark.parametrize("text", [f'{{"source": {{"ram": {DEEP}}}}}', f'{{"source": {{}}, "target": {DEEP}}}'])
def test_a_truth_nested_deeper_than_python_recurses_is_refused(text: str) -> None:
    assert answer(reading.truth, text.encode()).startswith("Unusable")


def test_a_schedule_nested_deeper_than_python_recurses_is_refused() -> None:
    head = '{"format": "refmodel-schedule", "version": '
    for text in (f"{head}{DEEP}}}", f'{head}1, "machine": {DEEP}}}'):
        assert answer(reading.schedules, text.encode()).startswith("Unusable")


def test_a_line_of_spaces_among_the_counters_takes_no_quadratic_time() -> None:
    line = b"shadow" + b" " * 60_000 + b"\n"
    began = time.process_time()
    assert answer(reading.counters, line).startswith("Unusable")
    assert answer(reading.counters, line + b"shadow_fault fixed fault            T=  3    0  3\n") == "read "
    assert time.process_time() - began < 0.5


def test_a_word_as_long_as_the_call_log_takes_no_quadratic_time() -> None:
    began = time.process_time()
    answer(reading.log_and_bitmaps, (70_000).to_bytes(4, "little") + b"9.0 peek " + b"a" * 60_000 + b"\n")
    assert time.process_time() - began < 0.5


def test_a_machine_of_32_tib_that_drops_all_at_the_switch_is_judged_at_once(tmp_path: Path) -> None:
    for name, data in qemu_seeds.postcopy(1 << 33, (1 << 33) - 1).items():
        (tmp_path / name).write_bytes(data)
    began = time.process_time()
    assert judge_recording(str(tmp_path)).verdict == "violation"
    assert time.process_time() - began < 1


def test_many_ranges_that_are_dropped_are_told_apart_without_trying_each() -> None:
    judge = judged(Begin(1, (Block("ram", 1 << 30),)), *(Discard("ram", 16 * n, 2) for n in range(20_000)))
    began = time.process_time()
    assert sum(judge.pages.is_discarded("ram", pfn) for pfn in range(320_000)) == 40_000
    assert time.process_time() - began < 2


def test_dropped_pages_that_never_come_are_counted_and_only_some_are_listed() -> None:
    notes = Notes()
    wire = Wire(notes)
    wire.take(commands.Discard(0, 0, "ram", tuple((4000 * n, 3000) for n in range(5000))))
    wire.take(commands.Command(0, 0, commands.CommandKind.POSTCOPY_RUN))
    began = time.process_time()
    wire.finish(True)
    assert time.process_time() - began < 0.5
    assert 0 < len(notes.findings) <= 2000


def test_an_event_that_comes_a_thousand_times_is_settled_once_and_its_findings_are_bounded() -> None:
    begin = Begin(1, (Block("ram", 1 << 50),))
    began = time.process_time()
    judge = judged(begin, Send("ram", 0, "d"), *(Activate(), Done()) * 5000, *(Commit(),) * 5000)
    assert time.process_time() - began < 2
    assert len(judge.findings) < 10_000
    assert summary(judge).verdict == "violation"


def test_pages_that_go_back_in_a_pass_without_end_are_not_each_a_finding() -> None:
    passes = Passes(9, None)
    for number in range(10_000):
        passes.take(Page(0, 9 if number % 100 == 0 else 0, 0, number % 100 == 0, None))
    assert len(passes.results) < 500


def test_a_truth_that_a_few_compressed_bytes_stand_for_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "truth.json.zst"
    path.write_bytes(zstandard.compress(bytes(1 << 27)))
    with pytest.raises(Unusable, match="longer than"):
        read_truth(str(path))


SENT: tuple[Event, ...] = (Begin(1, (Block("ram", 2),)), Send("ram", 0, "a"), Send("ram", 1, "a"), Pause())


def test_a_run_that_is_done_before_its_target_runs_is_never_accepted() -> None:
    with pytest.raises(Unusable, match="done before activate"):
        judged(*SENT[:2], Memory("source", "ram", 0, "a"), Memory("source", "ram", 1, "b"), Done())


def test_memory_that_is_told_after_all_was_compared_is_never_taken_for_compared() -> None:
    with pytest.raises(Unusable, match="memory after activate"):
        judged(*SENT, Commit(), Activate(), Memory("source", "ram", 0, "b"), Memory("source", "ram", 1, "a"))


def test_pages_that_are_dropped_after_the_target_runs_are_never_taken_for_sent() -> None:
    with pytest.raises(Unusable, match="discard after activate"):
        judged(*SENT, Memory("source", "ram", 0, "a"), Commit(), Activate(), Discard("ram", 0, 1), Done())


def test_the_recordings_that_the_fuzzer_begins_with_are_accepted(tmp_path: Path) -> None:
    for number, files in enumerate([*qemu_seeds.recordings()[:-1], *xen_recordings()]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        verdict = judge_recording(str(folder))
        assert verdict.verdict == "accepted", (number, verdict.reason, verdict.findings)
