from typing import Any

import pytest

from fuzz.decode import head
from fuzz.packed import Packing
from fuzz.run import Runner
from refmodel.schedules.replay import Watch, first_broken
from refmodel.variants import VARIANTS
from tests.fuzz.drawn import EACH, MANY, inputs, runner


def _agrees_with_checking_everything(runs: Runner, data: bytes) -> None:
    """Every step of the run, also those after a finding, is judged as it is when everything is checked."""
    sizes, rounds = runs.head(data)
    claims = list(runs.spec.claims.values())
    parts = runs.parts(sizes)
    course = runs.course(sizes, rounds)
    watch = Watch(runs.spec, course.state)
    before = course.state
    for number, (action, after) in enumerate(parts.decoder.walk(before, data), 1):
        finding = course.follow(action, after)
        broken = first_broken(runs.spec, claims, before, after, dict(sizes), number)
        noticed = watch.step(before, action, after)
        assert (finding.broken if finding else None) == (broken[0] if broken else None)
        assert (finding.noticed.what if finding and finding.noticed else None) == noticed
        if finding:
            return
        before = after


def _all_of_these_agree(runs: Runner, count: int) -> None:
    for data in inputs(11, count, which=None):
        _agrees_with_checking_everything(runs, data)


@pytest.mark.parametrize("variant", EACH)
def test_incremental_checking_agrees_with_checking_everything(variant: str) -> None:
    _all_of_these_agree(runner(variant), 3)


@pytest.mark.parametrize("machine", MANY)
def test_incremental_checking_agrees_on_right_machines(machine: str) -> None:
    _all_of_these_agree(runner(on=machine), 1)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_incremental_checking_agrees_for_longer(variant: str) -> None:
    _all_of_these_agree(runner(variant), 20)


@pytest.mark.slow
@pytest.mark.parametrize("machine", MANY)
def test_incremental_checking_agrees_on_right_machines_for_longer(machine: str) -> None:
    _all_of_these_agree(runner(on=machine), 20)


def test_the_comparison_sees_a_checker_that_looks_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Packing.cells

    def blind(self: Packing, differs: int) -> int:
        whole = self.layout.whole
        return real(self, differs) & ~whole("transfer.flushed") & ~whole("transfer.stage")

    monkeypatch.setattr(Packing, "cells", blind)
    runs = runner("no-flush")
    with pytest.raises(AssertionError):
        _all_agree(runs)


def _all_agree(runs: Runner) -> None:
    for data in inputs(1, 200):
        _agrees_with_checking_everything(runs, data)


def test_what_cannot_fail_in_a_phase_is_not_looked_at_there() -> None:
    runs = runner()
    sizes, _ = head(b"")
    checker = runs.parts(sizes).checker
    start: Any = runs.parts(sizes).start
    [cutover] = [c for c in runs.spec.invariants if c.name == "at_cutover_the_target_equals_the_source"]
    scalars = checker._scalars(start)
    assert checker.reads(cutover, (0, 0, 0, 0), scalars) == 0
    committed = tuple(type(s)(5) if i == 0 else s for i, s in enumerate(scalars))
    assert checker.reads(cutover, (0, 0, 0, 0), committed) > 0
