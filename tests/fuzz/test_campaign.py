import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.plan import Plan, Summary
from fuzz.command import campaign
from fuzz.mutate import seeds
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import load

pytestmark = pytest.mark.usefixtures("atheris")
TARGET = Path(__file__).parents[2] / "fuzz" / "targets" / "machine.py"


@pytest.mark.parametrize(
    "variant",
    ["no-flush", "flush-one-cpu", "clear-after-read", "no-final-harvest", "fill-writable", "mark-dropped",
     "resume-after-ack", "swap-after-protect"],
)  # fmt: skip
def test_a_wrong_variant_is_found_within_seconds(variant: str, tmp_path: Path) -> None:
    summary = campaign(variant, 20, 1, tmp_path)
    [path] = summary.findings
    assert summary.seconds < 10
    schedule = load(path)
    assert schedule.variant == variant
    last = list(replay(schedule))[-1]
    assert summary.rule == (last.broken[0].claim if last.broken else "noticed")


@pytest.mark.parametrize("variant", [None, "needless-resend", "root-change-keeps-tlb", "flush-as-needed"])
def test_nothing_is_found_where_nothing_is_wrong(variant: str | None, tmp_path: Path) -> None:
    told: list[Summary] = []
    summary = run_campaign(Plan(tmp_path, variant=variant, seconds=60, runs=400), told.append)
    assert summary.findings == ()
    # Once a second libFuzzer reads its corpus folder again, and runs, over its limit, what it had dropped since.
    assert 400 <= summary.runs < 500
    assert summary.states > 500
    assert summary.runs_per_second > 10
    assert told
    assert [s.runs for s in told] == sorted(s.runs for s in told)


def test_a_variant_of_another_machine_is_found_on_that_machine(tmp_path: Path) -> None:
    summary = run_campaign(Plan(tmp_path, variant="clear-no-flush", seconds=40))
    [path] = summary.findings
    assert (summary.machine, load(path).machine) == ("bare+manual-protect", "bare+manual-protect")


def test_a_campaign_is_gone_on_from_its_corpus(tmp_path: Path) -> None:
    first = run_campaign(Plan(tmp_path, seconds=20, runs=300))
    before = set((tmp_path / "corpus").iterdir())
    second = run_campaign(Plan(tmp_path, seconds=20, runs=300, resume=True))
    assert set((tmp_path / "corpus").iterdir()) > before
    assert second.sessions == 2
    assert second.runs >= first.runs + 300
    assert second.states > first.states


def test_feedback_can_be_edges_and_the_judge_the_guest(tmp_path: Path) -> None:
    plan = Plan(tmp_path, variant="flush-one-cpu", seconds=40, runs=4000, feedback="edges", judge="guest")
    assert run_campaign(plan).rule == "noticed"


def _target(*arguments: str, cwd: Path, **more: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, str(TARGET), *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def test_the_target_stands_alone_and_ends_as_libfuzzer_expects(tmp_path: Path) -> None:
    environment = {**os.environ, "REFMODEL_FUZZ_VARIANT": "mark-dropped", "REFMODEL_FUZZ_FINDINGS": str(tmp_path)}
    child = _target("-runs=20000", "-seed=3", cwd=tmp_path, env=environment)
    output, _ = child.communicate(timeout=60)
    assert child.returncode != 0
    [path] = tmp_path.glob("*.json")
    assert str(path) in output
    [crash] = tmp_path.glob("crash-*")
    again = _target(str(crash), cwd=tmp_path, env=environment)
    output, _ = again.communicate(timeout=60)
    assert again.returncode != 0
    assert str(path) in output


def test_libfuzzers_merge_and_its_minimising_of_a_crash_start_the_target_again(tmp_path: Path) -> None:
    """As processes of their own, with the target's own options too."""
    for name in ("some", "merged"):
        (tmp_path / name).mkdir()
    for number, data in enumerate(seeds(1, 4)):
        (tmp_path / "some" / str(number)).write_bytes(data)
    variant = ("--variant", "cpu-keeps-root")
    child = _target("-merge=1", "merged", "some", cwd=tmp_path)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 0, output
    assert list((tmp_path / "merged").iterdir())
    _target(*variant, "-runs=20000", "-seed=3", cwd=tmp_path).communicate(timeout=60)
    [crash] = tmp_path.glob("crash-*")
    child = _target(*variant, "-minimize_crash=1", crash.name, cwd=tmp_path, start_new_session=True)
    assert child.stdout is not None
    with child.stdout as lines:
        assert any("caused a crash. Will try to minimize it further" in line for line in lines)
        assert any("every_cpu_walks_the_shadow" in line for line in lines)  # in a process that it has started
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def test_the_target_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    child = _target("--variant", "nonsense", cwd=tmp_path)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "no variant 'nonsense'" in output
