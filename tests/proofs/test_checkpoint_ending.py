"""Each checkpoint completes, or the migration ends: what is counted as that, and what would be missed without."""

from typing import Any

import pytest
from attrs import evolve

from proofs import rankings
from proofs.ending import RELIED_ON, Termination
from proofs.progress import UNAIDED, Progress
from proofs.prove import prove_all
from proofs.rankings import ranking_of
from refmodel.compose import patched
from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.handover.takeover import Takeover
from refmodel.language import need, neg
from refmodel.machines import machine
from refmodel.migration import AnyMachine


def unproved(spec: AnyMachine) -> set[str]:
    report = prove_all(spec, chapters=(Termination(spec), Progress(spec)))
    return {record.step for _, record in report.not_proved}


def claims_unproved(spec: AnyMachine) -> set[str]:
    report = prove_all(spec, chapters=(Termination(spec), Progress(spec)))
    return {record.claim for _, record in report.not_proved}


def test_every_checkpoint_completes_or_the_migration_ends() -> None:
    assert unproved(machine("remus")) == set()


def test_only_what_completes_a_checkpoint_begins_the_work_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = evolve(ranking_of(machine("remus")), completes=lambda before, after: False)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    assert unproved(machine("remus")) == {"checkpoint_resume", "checkpoint_applied", "checkpoint_acknowledged"}


def test_what_is_relied_on_of_the_buffer_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = evolve(ranking_of(machine("remus")), relies_on=None)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    assert claims_unproved(machine("remus")) == {UNAIDED}


class ArrivesOnce(CheckpointSteps[Any]):
    def checkpoint_whole(self, m: Any) -> Any:
        """No checkpoint but the first arrives: a takeover could end that, of a source that is there and is heard."""
        need(neg(m.checkpoints.exists), "there is no checkpoint yet")
        return super().checkpoint_whole(m)


class AppliesInPart(CheckpointSteps[Any]):
    def checkpoint_applied(self, m: Any) -> Any:
        """What is still in the buffer is left there."""
        buffered = m.checkpoints.buffered
        after = super().checkpoint_applied(m.but(checkpoints=m.checkpoints.but(buffered=buffered.cleared())))
        return after.but(checkpoints=after.checkpoints.but(buffered=buffered))


@pytest.mark.parametrize(("patch", "claim"), [(ArrivesOnce, UNAIDED), (AppliesInPart, RELIED_ON)])
def test_that_the_target_could_take_over_excuses_no_checkpoint_that_stays_behind(patch: type[Any], claim: str) -> None:
    assert claims_unproved(patched("remus", patch.__name__, patch)()) == {claim}


class NeverApplies(CheckpointSteps[Any]):
    def may_apply(self, m: Any) -> bool:
        """What is whole stays in the buffer."""
        return False


class TakesOverOnlyFromTheLiving(Takeover[Any]):
    def is_orphaned(self, m: Any) -> bool:
        """A source that died is not looked after."""
        return False


class KeepsTheSourceBack(CheckpointSteps[Any]):
    def checkpoint_resume(self, m: Any) -> Any:
        """The source goes on, and stops at once for a checkpoint of nothing new."""
        after = super().checkpoint_resume(m)
        return after.but(phase=m.phase, hand_over=after.hand_over.but(source_runs=False))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patch", "where"),
    [
        (NeverApplies, "engine"),
        (TakesOverOnlyFromTheLiving, "engine"),
        (KeepsTheSourceBack, "checkpoint_resume"),
    ],
)
def test_a_checkpoint_that_never_completes_is_found(patch: type[Any], where: str) -> None:
    assert where in unproved(patched("remus", patch.__name__, patch)())
