"""A guest that was protected by checkpoints is migrated again: nothing of the earlier protection counts."""

from typing import Any

import pytest

from proofs.prove import prove_all
from proofs.vacuity import CAN_BE_TAKEN
from refmodel.compose import patched
from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.machines import machine
from refmodel.migration import AnyMachine

AGAIN = "bare+checkpoints+second-hop"
STEPS = ("abort", "begin", "checkpoint_take", "take_over", "go_on_from_target", "target_holds")


class StillHoldsBack(CheckpointSteps[Any]):
    def unprotected(self, m: Any) -> Any:
        """What the guest has sent waits for a checkpoint of a migration that is over."""
        return super().unprotected(m).but(output=m.output)


class TakesAnyTable(CheckpointSteps[Any]):
    def checkpoint_take(self, m: Any) -> Any:
        """The table that goes into the checkpoint lets the guest write everywhere."""
        after = super().checkpoint_take(m)
        taken = after.snapshots.taken
        table = taken.table.but(writable=taken.table.writable.filled())
        return after.but(snapshots=after.snapshots.but(taken=taken.but(table=table)))


class BuffersWhatWasThere(CheckpointSteps[Any]):
    def held_before(self, m: Any, page: int, word: int, value: int) -> Any:
        """As if there could be a checkpoint before anything was sent."""
        return self.delivered(m, page, word, value)


def refuted(spec: AnyMachine) -> set[tuple[str, str]]:
    report = prove_all(spec, only=STEPS)
    return {(record.step, record.claim) for _, record in report.not_proved}


@pytest.mark.parametrize("name", [AGAIN, "remus+second-hop"])
def test_a_guest_that_had_checkpoints_can_be_migrated_again(name: str) -> None:
    assert refuted(machine(name)) == set()


@pytest.mark.parametrize(
    ("patch", "found"),
    [
        (StillHoldsBack, ("abort", "what_may_be_let_out_the_last_checkpoint_knows")),
        (TakesAnyTable, ("checkpoint_take", "in_the_table_of_a_checkpoint_a_writable_entry_is_present")),
        (BuffersWhatWasThere, ("target_holds", CAN_BE_TAKEN)),
    ],
)
def test_what_is_wrong_about_it_is_refuted(patch: type[Any], found: tuple[str, str]) -> None:
    assert found in refuted(patched(AGAIN, patch.__name__, patch)())
