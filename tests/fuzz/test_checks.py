from typing import Any

import pytest

from fuzz.checks import Checker
from fuzz.decode import head
from fuzz.run import Runner
from refmodel.schedules.replay import Watch, first_broken
from refmodel.seed import SeedState as Machine
from refmodel.variants import VARIANTS
from tests.fuzz.drawn import inputs, runner


def _agrees_with_checking_everything(runs: Runner, data: bytes) -> None:
    """Every step of the run, also those after a finding, is judged as it is when everything is checked."""
    sizes, rounds = head(data)
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


@pytest.mark.parametrize("variant", [None, *VARIANTS])
def test_incremental_checking_agrees_with_checking_everything(variant: str | None) -> None:
    runs = runner(variant)
    for data in inputs(11, 6, which=None):
        _agrees_with_checking_everything(runs, data)


def test_the_comparison_sees_a_checker_that_looks_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Checker.changed

    def blind(self: Checker, before: Machine, after: Machine) -> int:
        whole = self._layout.whole
        return real(self, before, after) & ~whole("transfer.flushed") & ~whole("transfer.stage")

    monkeypatch.setattr(Checker, "changed", blind)
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
