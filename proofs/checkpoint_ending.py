"""What ends where checkpoint follows checkpoint: each of them, though the migration does not, by design.

A checkpoint is *complete* when it is whole, applied and acknowledged, and the source runs on; then the next begins, and
the same is left to do again. So with every turn of the engine one of them comes closer to that, or the migration ends:
given up, handed over for good, or with a takeover. Once the source has died the engine is the target's: nothing but the
takeover is left, for which what is whole is applied.
"""

from functools import cache
from typing import Any

from proofs.ranking import Ahead, Once, Places, Remaining, Work, is_over
from refmodel.compose import compose
from refmodel.handover.checkpoint_state import Epoch
from refmodel.handover.failure_state import Knows
from refmodel.language import implies, neg
from refmodel.state import Phase

__all__ = ["CHECKPOINT", "EPOCH", "completes", "has_no_more", "is_applied_whole", "waits_for_the_target"]


@cache
def _spec() -> Any:
    return compose("remus")()


def _is_on_its_way(m: Any) -> bool:
    """A checkpoint has been taken, and is not complete."""
    at_stop = (m.phase == Phase.STOP_AND_COPY) & m.checkpoints.taken_here
    return at_stop | ((m.phase == Phase.LIVE) & neg(_spec().is_between_epochs(m)))  # type: ignore[no-any-return]


def completes(before: Any, after: Any) -> bool:
    """With this step a checkpoint is complete, and the next begins."""
    begins = (after.phase == Phase.LIVE) & _spec().is_between_epochs(after)
    return _is_on_its_way(before) & begins  # type: ignore[no-any-return]


def has_no_more(m: Any) -> bool:
    """Given up, or at the target; or nobody can go on with the guest, whoever does what."""
    return (is_over(m) & neg(_spec().is_orphaned(m))) | neg(_spec().is_recoverable(m))


def is_applied_whole(m: Any) -> bool:
    """Of a checkpoint that was taken at this stop, and counts as applied, nothing is left in the buffer."""
    applied = m.checkpoints.taken_here & (m.checkpoints.epoch == Epoch.OPEN)
    return implies(applied, m.checkpoints.buffered.is_empty)


def waits_for_the_target(m: Any) -> bool:
    """It has died, and the source cannot know that it did not take over before."""
    could_start = _spec().is_migrating(m) & m.checkpoints.exists & m.failed.target
    return could_start & (m.failed.knows == Knows.NOTHING)  # type: ignore[no-any-return]


CHECKPOINT: Work = Places(
    "phases ahead of this checkpoint, then of the hand-over",
    lambda m: (
        m.phase == Phase.SETUP,
        (m.phase == Phase.LIVE) & neg(_is_on_its_way(m)),
        m.phase == Phase.PAUSED,
        (m.phase == Phase.STOP_AND_COPY) & neg(m.checkpoints.taken_here),
        _is_on_its_way(m),
        m.phase == Phase.COMMITTED,
        m.phase == Phase.ACKNOWLEDGED,
        _spec().is_orphaned(m),
        m.phase == Phase.AFTER,
    ),
)
"""Weightiest of all."""
EPOCH: tuple[Work, ...] = (
    Ahead(
        "places ahead of the epoch that was sent", lambda m: m.checkpoints.epoch, (Epoch.SENT, Epoch.WHOLE, Epoch.OPEN)
    ),
    Remaining("words to be applied", lambda m: m.checkpoints.buffered),
    Once("the acknowledgement", lambda m: m.checkpoints.acknowledged),
    Once("the source's going on", lambda m: neg(m.checkpoints.taken_here)),
    Remaining("packets that were not let out", lambda m: m.output.released, done=True),
)
"""Lighter than what is done before the checkpoint is taken."""
