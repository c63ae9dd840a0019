"""What a machine with checkpoints is to the guest, and which steps of the promise its own steps are."""

from typing import Any

from attrs import fields

from refmodel.checkpointed_promise import CheckpointedLedger
from refmodel.handover.failures import Failures
from refmodel.language import Action, neg
from refmodel.promise import Ledger
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES", "checkpointed", "gone_back"]


def checkpointed(m: Any, ledger: Ledger) -> CheckpointedLedger:
    """The ledger with what has been taken, sent and let out."""
    plain = {field.name: getattr(ledger, field.name) for field in fields(Ledger)}
    return CheckpointedLedger(
        **plain,
        taken=m.snapshots.taken,
        checkpoint=m.snapshots.whole,
        exists=m.checkpoints.exists,
        fresh=m.output.fresh,
        of_taken=m.output.taken,
        covered=m.output.covered,
        released=m.output.released,
    )


def gone_back(m: Any, ledger: Ledger) -> list[Ledger]:
    """The ledger of a guest that has gone on from the last checkpoint, if there is one."""
    known = checkpointed(m, ledger)
    return [known.but(last=known.checkpoint)] if known.exists else []


def _apply(spec: Any, m: Any, page: int, word: int) -> list[Action]:
    arrives = Action("deliver", (page, word, m.checkpoints.buffer[page, word]))
    owed = spec.is_owed(spec.checkpoint_apply(m, page, word), page) | spec.is_orphaned(m)
    still_owed = owed | neg(spec.matters(m, page))
    return [arrives] if still_owed else [arrives, Action("settle", (page,))]


def _take_over(spec: Any, m: Any) -> list[Action]:
    stops = [Action("stop")] if m.hand_over.source_runs else []
    known = [] if isinstance(spec, Failures) else [Action("acknowledge")]  # else it may be long before anybody hears
    return [*stops, Action("take_over"), *known]


WITNESSES: Witnesses = {
    "checkpoint_take": lambda spec, m: [Action("capture")],
    "checkpoint_resume": lambda spec, m: [Action("resume")],
    "checkpoint_whole": lambda spec, m: [Action("whole")],
    "checkpoint_apply": _apply,
    "guest_send": lambda spec, m, packet: [Action("emit", (packet,))],
    "output_release": lambda spec, m, packet: [Action("release", (packet,))],
    "take_over": _take_over,
}
