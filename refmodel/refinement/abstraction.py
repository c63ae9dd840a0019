"""What a state of level B is to the guest: a ledger of the promise."""

from typing import Any

from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.language import neg, pick
from refmodel.migration import AnyMachine
from refmodel.promise import Ledger, Visible
from refmodel.refinement.checkpoints import checkpointed
from refmodel.refinement.failures import known_of_the_hosts
from refmodel.refinement.shared_storage import who_has_the_images
from refmodel.state import Guest, Phase

__all__ = ["abstraction", "seen"]


def seen(spec: AnyMachine, m: Any, guest: Guest) -> Visible:
    """What the guest can see of one side."""
    return Visible(guest.memory, spec.table_of(m, guest), guest.registers)


def abstraction(spec: AnyMachine, m: Any) -> Ledger:
    """B's state as a ledger. Outside a migration everything is owed; from the commit on, nothing that matters."""
    committed = spec.is_committed(m) | (m.phase == Phase.AFTER)
    given_up = bool(spec.has_given_up(m))
    if spec.is_migrating(m):
        owed = m.rounds.to_send.where(lambda p: spec.is_owed(m, p), True)
    else:
        owed = m.rounds.to_send.cleared() if committed else m.rounds.to_send.filled()
    ledger = Ledger(
        last=_last_at_the_target(spec, m) if spec.has_moved(m) else seen(spec, m, m.source),
        held=seen(spec, m, m.target),
        owed=owed.where(lambda p: neg(spec.matters(m, p)), True),
        context_owed=not given_up,
        source_runs=m.hand_over.source_runs,
        target_runs=m.hand_over.target_runs,
        given_up=given_up,
        source_kept=m.hand_over.source_kept,
        **known_of_the_hosts(spec, m),
        **who_has_the_images(spec, m),
    )
    return checkpointed(m, ledger) if isinstance(spec, CheckpointSteps) else ledger


def _last_at_the_target(spec: AnyMachine, m: Any) -> Visible:
    """What the guest stored last, once it runs at the target; what does not matter is what it was at the source."""
    ours, theirs = m.source.memory, m.target.memory
    memory = theirs.made(lambda p, w: pick(spec.matters(m, p), theirs[p, w], ours[p, w]))
    return seen(spec, m, m.target.but(memory=memory))
