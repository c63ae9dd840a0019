"""Rounds as QEMU has them: it syncs, and stops, when what is pending would fit into the downtime that is allowed.

    loop:  pending := migration_dirty_pages                       (no sync: an estimate)
           if pending <= threshold: sync, pending := migration_dirty_pages
           if pending is 0 or < threshold: stop, sync once more, send the rest
           else send some of what is owed

(``migration_iteration_run`` and ``ram_state_pending_exact`` of 8.1 [D]; the threshold is the bandwidth times
``downtime-limit``.) So a sync need not wait until the round has sent all that it owed, and there is no limit on rounds:
``rounds.left`` stays as a bound of the caller's own.

``migration_dirty_pages`` goes up with each bit that a sync sets and down with each that is cleared when its page is
taken up; a page whose bit is clear already is skipped. Here it is written as what that must come to.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Count, Sizes, State, iff, implies, invariant, neg
from refmodel.rounds.configured_first import ConfiguredFirst
from refmodel.state import Machine, Phase

__all__ = ["Pending", "Q", "QemuRounds", "WithPending"]


@frozen(slots=False)
class Pending(State):
    """What the decision to sync or to stop is made of."""

    pages: Count
    """``migration_dirty_pages``: how many pages the round owes. Goes up and down."""
    exact: bool
    """Nothing has been sent since the last sync."""
    threshold: Count
    """Pages that can be sent within the downtime limit. Constant."""


@frozen(slots=False)
class WithPending(Machine):
    """The state of a machine with QEMU's policy."""

    pending: Pending


Q = TypeVar("Q", bound=WithPending)


class QemuRounds(ConfiguredFirst[Q]):
    """A count decides; that it agrees with the bitmap is claimed (I-COUNT)."""

    downtime_pages = 2
    """The threshold that a machine starts with: one page is few enough to stop for, two are not."""

    def initial(self, anything: Q) -> Q:
        """Nothing is pending; any threshold."""
        m = super().initial(anything)
        return m.but(pending=m.pending.but(pages=0, exact=False))

    def start(self, sizes: Sizes) -> Q:
        """A threshold for machines of few pages."""
        m = super().start(sizes)
        return m.but(pending=m.pending.but(threshold=self.downtime_pages))

    def counted(self, m: Q, exact: bool) -> Q:
        """The count after bits were set or cleared in the bitmap."""
        return m.but(pending=m.pending.but(pages=m.rounds.to_send.size, exact=exact))

    def begin(self, m: Q) -> Q:
        """``ram_init_bitmaps``: every page is owed, after a first sync."""
        return self.counted(super().begin(m), True)

    def harvested(self, m: Q) -> Q:
        """A sync counts the bits that are new to what is owed."""
        return self.counted(super().harvested(m), True)

    def cleared(self, m: Q, page: int) -> Q:
        """``migration_bitmap_clear_dirty``: the page's bit was set, so that one page fewer is owed."""
        return self.counted(super().cleared(m, page), False)

    def is_round_over(self, m: Q) -> bool:
        """By the estimate little enough is left for a sync, whether or not anything is."""
        return (m.pending.pages == 0) | (m.pending.pages <= m.pending.threshold)

    def may_go_on(self, m: Q) -> bool:
        """No sync on top of another."""
        return super().may_go_on(m) & neg(m.pending.exact)

    def has_chosen_to_go_on(self, m: Q) -> bool:
        """Nor here."""
        return super().has_chosen_to_go_on(m) & neg(m.pending.exact)

    def may_stop(self, m: Q) -> bool:
        """What is left can be sent within the downtime, and a sync has just said so, or no round is left to say it.

        With nothing sent live at all (R11) it may come at once.
        """
        fits = (m.pending.pages == 0) | (m.pending.pages < m.pending.threshold)
        decided = m.pending.exact | neg(m.rounds.left > 0)
        return super().may_stop(m) & ((m.phase == Phase.SETUP) | (fits & decided))

    @invariant(Contract.ROUNDS, "I-COUNT", goal=True)
    def nothing_is_pending_exactly_when_no_page_is_owed(self, m: Q) -> bool:
        """I-COUNT: what decides when to sync and to stop agrees with the bitmap."""
        return implies(self.is_migrating(m), iff(m.pending.pages == 0, m.rounds.to_send.is_empty))
