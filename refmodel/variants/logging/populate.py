"""A wrong variant of ``populate-on-demand``, M14, and a sound one.

``populate-unmarked`` breaks ``what_differs_from_its_last_copy_was_noted`` of logging.
"""

from refmodel.logging.populate import PopulateOnDemand, Q
from refmodel.state import Phase
from refmodel.variants.variant import Variant

__all__ = ["POPULATE_VARIANTS"]

_MACHINE = "bare+populate-on-demand"


class PopulatesUnmarked(PopulateOnDemand[Q]):
    def entry_marked(self, m: Q, page: int) -> Q:
        """The new entry is writable, and its page counts as clean."""
        return m


class MarksRemovalsClean(PopulateOnDemand[Q]):
    def decrease_reservation(self, m: Q, page: int) -> Q:
        """While rounds run, the page's marks go with the entry: there is nothing left to send."""
        after = super().decrease_reservation(m, page)
        if m.phase != Phase.LIVE:
            return after
        return after.but(
            log=m.log.but(dirty=m.log.dirty.discard(page)),
            rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)),
            ghost=m.ghost.but(noted=m.ghost.noted.discard(page)),
        )


POPULATE_VARIANTS = (
    Variant(
        "populate-unmarked",
        "M14",
        PopulatesUnmarked,
        "a page that is populated on demand is not marked",
        ("f56daba7cf",),
        machine=_MACHINE,
    ),
    Variant(
        "removal-marks-clean",
        "-",
        MarksRemovalsClean,
        "what is removed is marked clean",
        ("98fccdf0ac",),
        sound=True,
        machine=_MACHINE,
    ),
)
