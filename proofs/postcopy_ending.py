"""Why post-copy ends: what is left to do once the target has been told to drop pages, and when all of it is done.

The end is not the guest's start at the target but the source's word that it owes nothing more; or that the guest is
lost, with the host that has what is missing. A lost wire puts the end off, and is waited for: what was on it is owed
again. So there is a weightier entry, which no loss touches: what is in place is not fetched again.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from proofs.ranking import Once, Remaining, Work
from refmodel.compose import compose
from refmodel.language import neg
from refmodel.state import Phase

__all__ = ["BEFORE_THE_ROUND", "DELAYS", "LATE", "PAST_THE_ROUND", "is_at_its_end", "waits_for_a_wire"]


@cache
def _spec() -> Any:
    return compose("postcopy")()


def _is_cut_off(m: Any) -> bool:
    """The guest runs at the target and still pages on demand, and there is no wire."""
    return cast(bool, (m.phase == Phase.AFTER) & m.postcopy.switched & m.failed.wire)


def is_at_its_end(m: Any) -> bool:
    """Given up; or the target needs the source no more; or nobody can go on with the guest, whoever does what."""
    done = neg(m.postcopy.switched) | (m.failed.wire & m.postcopy.awaited.is_empty)
    over = (m.phase == Phase.ABORTED) | ((m.phase == Phase.AFTER) & done)
    return cast(bool, over | neg(_spec().is_recoverable(m)))


def waits_for_a_wire(m: Any) -> bool:
    """All that came off the wire is in place, and the operator has to find another wire."""
    return cast(bool, _is_cut_off(m) & m.postcopy.queue.is_empty)


BEFORE_THE_ROUND: tuple[Work, ...] = (
    Once("the switch", lambda m: m.postcopy.switched),
    Remaining("pages that the target awaits", lambda m: m.postcopy.awaited),
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
DELAYS: Mapping[str, str] = {
    "lose_wire": "what was on it is owed again once there is another",
    "lose_source": "the same wire: all that is missing may be off it by then, so that the guest goes on",
}
LATE: Mapping[str, str] = {
    "fill_word": "what came twice is thrown away",
    "place_page": "the same",
    "drop_page": "a target whose source has died drops what it was told to all the same",
    "acknowledge": "a target that lacks pages cannot know that its source has died, and that the guest is lost",
    "activate": "the same",
}
"""Steps that may come after the end."""
