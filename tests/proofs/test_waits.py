"""What the engine waits for is settled, and settling ends: what would go on for ever is found."""

from typing import Any

import pytest
from attrs import evolve

from proofs import rankings
from proofs.ending import SETTLES
from proofs.progress import NEVER_STUCK, SETTLED, WAITED_FOR
from proofs.rankings import ranking_of
from refmodel.compose import patched
from refmodel.handover.failures import Failures, Knows
from refmodel.handover.postcopy_state import X
from refmodel.language import need
from refmodel.machines import machine
from refmodel.transport.demand import DemandPaging
from tests.proofs.endings import unproved


class FindsNothingOut(Failures[Any]):
    def found_out(self, m: Any) -> Knows:
        """The operator looks, and knows no more than before."""
        return Knows.NOTHING


class ResumesNothing(Failures[Any]):
    def taken_back(self, m: Any) -> Any:
        """A source that has committed is told to go on, and stands still."""
        after = super().taken_back(m)
        return after if m.failed.knows != Knows.NOT_TAKEN else after.but(phase=m.phase, failed=m.failed)


class FindsNoWire(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """The other connection breaks at once."""
        after = super().recover(m)
        return after.but(failed=m.failed)


@pytest.mark.parametrize(
    ("name", "patch", "step"),
    [
        ("seed", FindsNothingOut, "find_out"),
        ("seed", ResumesNothing, "resume_source"),
        ("seed+postcopy", FindsNoWire, "recover"),
    ],
)
def test_a_step_that_settles_nothing_is_found(name: str, patch: type[Any], step: str) -> None:
    assert (step, SETTLES) in unproved(patched(name, patch.__name__, patch)())


class RecoversOnlyTheWhole(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """No wire is looked for as long as one is missed."""
        need(m.postcopy.awaited.is_empty, "the target lacks nothing")
        return super().recover(m)


def test_a_wait_that_nobody_can_settle_is_found() -> None:
    spec = patched("seed+postcopy", RecoversOnlyTheWhole.__name__, RecoversOnlyTheWhole)()
    assert unproved(spec) == {("engine", SETTLED), ("recover", WAITED_FOR)}


def test_a_step_that_is_never_waited_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = evolve(ranking_of(machine("seed")), waits=lambda m: False)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: ranking)
    stuck = {("engine", NEVER_STUCK), ("find_out", WAITED_FOR), ("resume_source", WAITED_FOR)}
    assert unproved(machine("seed")) == stuck
