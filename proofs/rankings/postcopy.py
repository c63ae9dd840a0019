"""Why post-copy ends: what is left to do once the target has been told to drop pages, and when all of it is done.

The end is not the guest's start at the target but the source's word that it owes nothing more; or that the guest is
lost, with the host that has what is missing. A lost wire puts the end off: what was on it is owed again. The operator
is waited for to find another, which counts as work done, and weighs more than what is then owed anew.
"""

from typing import Any, cast

from attrs import evolve

from proofs.ranking import Once, Remaining, Work
from proofs.rankings.ranking import Ranking
from refmodel.language import neg
from refmodel.state import Phase

__all__ = ["BEFORE_THE_ROUND", "PAST_THE_ROUND", "of_postcopy"]


def _is_cut_off(m: Any) -> bool:
    """The guest runs at the target and still pages on demand, and there is no wire."""
    return cast(bool, (m.phase == Phase.AFTER) & m.postcopy.switched & m.failed.wire)


def _needs_the_source(m: Any) -> bool:
    """The guest runs at the target, which has not heard that nothing is owed any more, or lacks pages."""
    done = neg(m.postcopy.switched) | (m.failed.wire & m.postcopy.awaited.is_empty)
    return cast(bool, (m.phase == Phase.AFTER) & neg(done))


def of_postcopy(ranking: Ranking, spec: Any) -> Ranking:
    """It ends when the target needs the source no more, or when nobody can go on with the guest, whoever does what.

    The engine waits also where all that came off the wire is in place, and the operator has to find another wire.
    """
    return evolve(
        ranking,
        is_over=lambda m: (ranking.is_over(m) & neg(_needs_the_source(m))) | neg(spec.is_recoverable(m)),
        waits=lambda m: ranking.waits(m) | (_is_cut_off(m) & m.postcopy.queue.is_empty),
        settled_by=(*ranking.settled_by, "recover"),
    )


BEFORE_THE_ROUND: tuple[Work, ...] = (
    Once("the switch", lambda m: m.postcopy.switched),
    Remaining("pages that it was told to drop, and has not", lambda m: m.postcopy.told),
    Remaining("awaited pages that no access waits for", lambda m: m.postcopy.awaited - m.postcopy.waiting),
    Once("another wire", lambda m: neg(_is_cut_off(m))),
)
"""Weightier than the pages that are owed, which a loss of the wire makes more."""
PAST_THE_ROUND: tuple[Work, ...] = (
    Remaining("pages on the wire", lambda m: m.postcopy.on_wire),
    Remaining("pages off it, and not in place", lambda m: m.postcopy.queue),
    Remaining("words of them not copied", lambda m: m.postcopy.filled, done=True),
    Remaining("requests not answered", lambda m: m.postcopy.requested),
)
"""Lighter than these."""
