"""The system's own QEMU, for real: no false alarm, no miss, and nothing left behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import evolve

from refmodel.lab.outcome import Outcome
from refmodel.lab.run import run
from refmodel.lab.scenarios import SCENARIOS
from refmodel.oracle.verdict import Verdict
from refmodel.tap.plan import Told

from .needed import needs_qemu

pytestmark = needs_qemu
REFMODEL = str(Path(sys.executable).with_name("refmodel"))
FAULTS = [name for name, scenario in SCENARIOS.items() if scenario.fault]
RIGHT = [name for name in SCENARIOS if name not in (*FAULTS, "aligned", "stopped")]


def has_the_loss() -> bool:
    if shutil.which("qemu-system-x86_64") is None:
        return True
    said = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, check=False).stdout
    return b"version 7.2" in said


def lab(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    command = [REFMODEL, "lab", "qemu", "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=500)
    assert ended.returncode in (0, 1), ended.stderr.decode()
    return ended.returncode, orjson.loads(ended.stdout)


def test_right_runs_are_accepted() -> None:
    status, outcomes = lab(*RIGHT)
    assert [(each["scenario"], each["mistake"]) for each in outcomes] == [(name, None) for name in RIGHT]
    assert {(each["verdict"], each["tap"]) for each in outcomes} == {("accepted", "accepted")}
    held = {each["scenario"] for each in outcomes if each["added_downtime_ms"] is not None}
    assert held == {each["scenario"] for each in outcomes if each["unchecked"] is None} == {*RIGHT} - {"post-copy"}
    assert status == 0


def test_post_copy_with_a_channel_of_its_own_is_refused_by_name() -> None:
    scenario = evolve(SCENARIOS["post-copy"], capabilities=("postcopy-ram", "postcopy-preempt"))
    with tempfile.TemporaryDirectory(prefix="lab-", dir="/tmp") as folder:
        outcome = asyncio.run(run("preempt", scenario, "qemu-system-x86_64", Path(folder)))
    assert outcome.status == "completed"
    assert (outcome.verdict.verdict, outcome.verdict.findings) == ("unusable", ())
    assert "postcopy-preempt" in (outcome.verdict.reason or "")
    assert outcome.told is not None
    said = outcome.told.verdict.reason if outcome.told.verdict else str(outcome.told.failures)  # where it said nothing
    assert "postcopy-preempt" in (said or "")


def test_every_kind_of_fault_is_judged_rightly() -> None:
    status, outcomes = lab(*FAULTS)
    assert [(each["scenario"], each["mistake"]) for each in outcomes] == [(name, None) for name in FAULTS]
    assert status == 0


def test_ten_faults_that_change_the_targets_memory_are_not_missed() -> None:
    harmful = 0
    for seed in range(10):
        status, outcomes = lab("drop", "corrupt", "--runs", "6", "--seed", str(11 + seed))
        assert [each["mistake"] for each in outcomes] == [None] * len(outcomes)
        assert status == 0
        harmful += sum(bool(each["differing"]) for each in outcomes)
        if harmful >= 10:
            return
    pytest.fail(f"only {harmful} of 120 faults changed the target's memory")


@pytest.mark.skipif(not has_the_loss(), reason="this QEMU is not 7.2")
def test_the_natural_loss_is_seen_live() -> None:
    status, [outcome] = lab("aligned")
    assert status == 1
    assert outcome["verdict"] == "violation"
    assert outcome["tap"] == "violation"
    assert outcome["status"] == "completed"
    assert outcome["wrong"]


@pytest.mark.skipif(not has_the_loss(), reason="this QEMU is not 7.2")
def test_the_natural_loss_is_stopped_before_the_target_starts_and_the_source_goes_on() -> None:
    status, outcomes = lab("stopped", "unstopped")
    assert [each["mistake"] for each in outcomes] == [None, None]  # of `stopped`: the guest goes on at the source
    assert [each["status"] for each in outcomes] == ["failed", "completed"]
    assert [each["tap"] for each in outcomes] == ["violation", "accepted"]
    assert status == 0


def test_a_tap_that_did_not_cut_what_it_was_to_cut_is_a_mistake() -> None:
    scenario, said = SCENARIOS["stopped"], Verdict("violation")
    told = Told(verdict=said, target="closed")
    outcome = Outcome("stopped", "failed", 1.0, said, (), (), None, told, Path())
    assert "was to cut" in str(outcome.mistake(scenario))
    told.target = "cut"
    assert outcome.mistake(scenario) is None
    told.verdict = Verdict("accepted")
    assert "was to cut" in str(outcome.mistake(scenario))


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("whose", ["oracle", "tap"])
def test_a_verdict_that_is_wrong_is_a_mistake_whoever_says_it(whose: str, lost: bool) -> None:
    right, wrong = Verdict("violation" if lost else "accepted"), Verdict("unusable", reason="nothing compared")
    verdict, told = (wrong, Told(verdict=right)) if whose == "oracle" else (right, Told(verdict=wrong))
    outcome = Outcome("plain", "completed", 1.0, verdict, (7,) if lost else (), (), None, told, Path())
    assert whose in str(outcome.mistake(SCENARIOS["plain"]))


def test_a_false_alarm_of_what_was_cancelled_is_a_mistake() -> None:
    right, cancelled = Verdict("accepted"), Told(verdict=Verdict("unusable", reason="nobody was asked"))
    outcome = Outcome("cancel", "completed", 1.0, right, (), (), None, Told(verdict=right), Path(), cancelled)
    assert "what was cancelled: nobody was asked" in str(outcome.mistake(SCENARIOS["cancel"]))
    cancelled.verdict = right
    assert outcome.mistake(SCENARIOS["cancel"]) is None


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for that of a socket, whoever runs the tests."""
    with tempfile.TemporaryDirectory(prefix="lab-", dir="/tmp") as folder:
        yield Path(folder)


_THERE = ["guest.ld", "storelog.so", "src.qmp", "dst.qmp", "dst.mig", "wire.sock", "stream"]


@pytest.mark.parametrize(
    ("sent", "there"), [*product([signal.SIGINT, signal.SIGTERM], _THERE), (signal.SIGHUP, "wire.sock")]
)
def test_nothing_is_left_when_it_is_interrupted(sent: signal.Signals, there: str, short_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(short_path)}
    command = [REFMODEL, "lab", "qemu", "hot", *(["--store-log"] if there == "storelog.so" else [])]
    child = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),  # the tests may run in the background
    )
    try:
        end = time.monotonic() + 30
        while not any(short_path.glob(f"*/hot/{there}")):
            assert child.poll() is None, "it ended before"
            assert time.monotonic() < end, "it never came so far"
            time.sleep(0.002)
        child.send_signal(sent)
        assert child.wait(30) != 0
    finally:
        child.kill()  # where it did not come so far, or did not end
        child.wait()
    assert list(short_path.iterdir()) == []
    assert _running(str(short_path)) == []


def test_no_process_is_left_when_it_is_killed() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        child = subprocess.Popen([REFMODEL, "lab", "qemu", "hot"], env=environment)
        end = time.monotonic() + 30
        while not any(Path(folder).glob("*/hot/wire.sock")):  # both QEMUs are there
            assert time.monotonic() < end, "it never came so far"
            time.sleep(0.01)
        assert _running(folder)
        child.kill()
        child.wait()
        end = time.monotonic() + 10
        while (left := _running(folder)) and time.monotonic() < end:
            time.sleep(0.1)
        assert left == []


def _running(words: str) -> list[str]:
    """Processes whose command line has these words."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line and "qemu" in line:
            found.append(line)
    return found
