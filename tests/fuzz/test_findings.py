"""Stored findings of wrong variants, replayed without a fuzzer. Each is a regression test of the specification."""

from pathlib import Path

import pytest

from fuzz.findings import keep, stored
from fuzz.run import Runner
from fuzz.shrink import shrink
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import load
from tests.fuzz.drawn import runner, walked
from tests.fuzz.make_findings import FOLDER

FINDINGS = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_stored_finding_shows_what_it_says(path: Path) -> None:
    schedule = load(path)
    moments = list(replay(schedule))
    broken = next((b for moment in moments for b in moment.broken), None)
    noticed = next(((moment.noticed, moment.number) for moment in moments if moment.noticed), None)
    assert broken == schedule.broken
    assert noticed == (schedule.noticed and (schedule.noticed.what, schedule.noticed.after))
    assert broken or noticed


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_the_right_machine_takes_the_same_schedule_without_a_finding(path: Path) -> None:
    schedule = load(path)
    right = runner(on=schedule.machine)
    assert right.follow(schedule.sizes, schedule.rounds, schedule.actions).finding is None


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_stored_finding_is_locally_minimal(path: Path) -> None:
    schedule = load(path)
    runs = runner(schedule.variant, claims="-noticed-" not in path.name)
    finding = runs.follow(schedule.sizes, schedule.rounds, schedule.actions).finding
    assert finding is not None
    assert shrink(runs, finding) == finding


def test_findings_of_many_variants_are_stored_and_stale_tlb_entries_among_them() -> None:
    variants = {schedule.variant for _, schedule in stored(FOLDER)}
    assert len(variants) >= 10
    assert {"no-flush", "flush-one-cpu", "flush-by-guest-table"} <= variants
    assert len({schedule.machine for _, schedule in stored(FOLDER)}) > 10


def test_a_finding_is_kept_whole_and_once(tmp_path: Path) -> None:
    runs: Runner = runner("mark-dropped")
    finding = walked(runs, 1, 1000)
    assert finding is not None
    small = shrink(runs, finding)
    path = keep(small, "bare", "mark-dropped", tmp_path / "new")
    assert keep(small, "bare", "mark-dropped", tmp_path / "new") == path
    [(only, schedule)] = stored(tmp_path / "new")
    assert only == path
    assert schedule.broken == small.broken
    assert [p.name for p in path.parent.iterdir()] == [path.name]
