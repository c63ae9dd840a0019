"""What ends where checkpoint follows checkpoint: each of them, though the migration does not, by design.

A checkpoint is *complete* when it is whole, applied and acknowledged, and the source runs on; then the next begins, and
the same is left to do again. So with every turn of the engine one of them comes closer to that, or the migration ends:
given up, handed over for good, or with a takeover. Once the source has died the engine is the target's: nothing but the
takeover is left, for which what is whole is applied.
"""

from typing import Any

from attrs import evolve

from proofs.ranking import Ahead, Once, Places, Remaining, Work
from proofs.rankings.ranking import Ranking
from refmodel.handover.checkpoint_state import Epoch
from refmodel.handover.failure_state import Knows
from refmodel.handover.failures import Failures
from refmodel.language import implies, neg
from refmodel.state import Phase

__all__ = ["EPOCH", "GOING_ON", "of_checkpoints", "places_ahead"]


def _is_on_its_way(spec: Any, m: Any) -> bool:
    """A checkpoint has been taken, and is not complete."""
    at_stop = (m.phase == Phase.STOP_AND_COPY) & m.checkpoints.taken_here
    return at_stop | ((m.phase == Phase.LIVE) & neg(spec.is_between_epochs(m)))  # type: ignore[no-any-return]


def _completes(spec: Any, before: Any, after: Any) -> bool:
    """With this step a checkpoint is complete, and the next begins."""
    begins = (after.phase == Phase.LIVE) & spec.is_between_epochs(after)
    return _is_on_its_way(spec, before) & begins  # type: ignore[no-any-return]


def _is_applied_whole(m: Any) -> bool:
    """Of a checkpoint that was taken at this stop, and counts as applied, nothing is left in the buffer."""
    applied = m.checkpoints.taken_here & (m.checkpoints.epoch == Epoch.OPEN)
    return implies(applied, m.checkpoints.buffered.is_empty)


def _waits_for_the_target(spec: Any, m: Any) -> bool:
    """It has died, and the source cannot know that it did not take over before."""
    could_start = spec.is_migrating(m) & m.checkpoints.exists & m.failed.target
    return could_start & (m.failed.knows == Knows.NOTHING)  # type: ignore[no-any-return]


def of_checkpoints(ranking: Ranking, spec: Any) -> Ranking:
    """Once the source has died there is still the takeover, unless nobody can go on with the guest."""
    found = evolve(
        ranking,
        is_over=lambda m: ranking.is_over(m) & neg(spec.is_orphaned(m)),
        completes=lambda before, after: _completes(spec, before, after),
        relies_on=_is_applied_whole,
        rescue="take_over",
    )
    if not isinstance(spec, Failures):
        return found
    return evolve(
        found,
        waits=lambda m: ranking.waits(m) | _waits_for_the_target(spec, m),
        is_in_need=lambda m: m.failed.wire,
    )


def places_ahead(spec: Any) -> Work:
    """Weightiest of all."""
    return Places(
        "phases ahead of this checkpoint, then of the hand-over",
        lambda m: (
            m.phase == Phase.SETUP,
            (m.phase == Phase.LIVE) & neg(_is_on_its_way(spec, m)),
            m.phase == Phase.PAUSED,
            (m.phase == Phase.STOP_AND_COPY) & neg(m.checkpoints.taken_here),
            _is_on_its_way(spec, m),
            m.phase == Phase.COMMITTED,
            m.phase == Phase.ACKNOWLEDGED,
            spec.is_orphaned(m),
            m.phase == Phase.AFTER,
        ),
    )


GOING_ON = Once("the source's going on", lambda m: neg(m.checkpoints.taken_here))
"""Weightier than the pages that are owed: a source may owe all of them anew when it goes on."""
EPOCH: tuple[Work, ...] = (
    Ahead(
        "places ahead of the epoch that was sent", lambda m: m.checkpoints.epoch, (Epoch.SENT, Epoch.WHOLE, Epoch.OPEN)
    ),
    Remaining("words to be applied", lambda m: m.checkpoints.buffered),
    Once("the acknowledgement", lambda m: m.checkpoints.acknowledged),
    Remaining("packets that were not let out", lambda m: m.output.released, done=True),
)
"""Lighter than what is done before the checkpoint is taken."""
