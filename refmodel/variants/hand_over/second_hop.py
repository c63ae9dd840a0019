"""Wrong variants of ``second-hop``: M17, M25.

Both break ``until_rounds_run_every_page_is_owed`` of rounds, and ``second-start-from-old-log`` also
``a_new_migration_starts_from_all_dirty`` of hand-over.
"""

from refmodel.handover.second_hop import SecondHop
from refmodel.state import M, Phase
from refmodel.variants.variant import Variant

__all__ = ["SECOND_HOP_VARIANTS"]

_MACHINE = "bare+second-hop"


class OffersWhatIsDirtiedHere(SecondHop[M]):
    def go_on_from_target(self, m: M) -> M:
        """From its arrival on the guest's stores are noted; what came with it is clean, and never offered."""
        after = self.begin(super().go_on_from_target(m))
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send.cleared()))


class StartsFromTheOldLog(SecondHop[M]):
    def begin(self, m: M) -> M:
        """Logging was left on when the last migration failed: what the log holds is what the next one owes."""
        after = super().begin(m)
        first, log = m.phase == Phase.BEFORE, m.log.dirty
        owed = after.rounds.to_send.only(lambda p: first | log[p])
        return after.but(rounds=after.rounds.but(to_send=owed))


SECOND_HOP_VARIANTS = (
    Variant(
        "second-hop-offers-new",
        "M17",
        OffersWhatIsDirtiedHere,
        "the second hop offers only what was dirtied since the first",
        ("#232",),
        machine=_MACHINE,
    ),
    Variant(
        "second-start-from-old-log",
        "M25",
        StartsFromTheOldLog,
        "a migration that follows a failed one owes only what the old log holds",
        ("6f6a5ef3e4", "71c7dff32b"),
        machine=_MACHINE,
    ),
)
