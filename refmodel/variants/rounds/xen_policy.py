"""Wrong variants of ``xen-rounds`` and ``deferred-pages``: M04, M24, M30; and a sound one."""

from refmodel.language import Set, need
from refmodel.rounds.deferred import D, DeferredPages
from refmodel.rounds.xen_policy import X, XenRounds
from refmodel.state import Stage
from refmodel.variants.variant import Variant

__all__ = ["XEN_VARIANTS"]


class CountsInOneBit(XenRounds[X]):
    def count(self, pages: Set[int]) -> int:
        """The counter is as wide as small machines need it to be wrong: one bit. Two pages are none.

        Refuted by ``a_count_of_none_is_of_a_round_that_owes_nothing``.
        """
        size = pages.size
        return size - 2 if size >= 2 else size


class FirstRoundCountsNothing(XenRounds[X]):
    def begin(self, m: X) -> X:
        """The bitmap of ones is not counted, for nothing has been dirtied yet.

        Refuted by ``a_count_of_none_is_of_a_round_that_owes_nothing``.
        """
        after = super().begin(m)
        return after.but(policy=after.policy.but(dirty_count=0))


class ConvergedRoundIsDropped(XenRounds[X]):
    def is_sent(self, m: X) -> bool:
        """A round after which the policy will stop comes back unsent, and its bitmap is written over.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        return super().is_sent(m) | (m.policy.dirty_count < m.policy.target) | (m.rounds.left == 0)


class DefersAndForgets(DeferredPages[D]):
    def final_harvest(self, m: D) -> D:
        """The last round owes what the log says, and not what was deferred.

        Refuted by ``nothing_is_deferred_past_the_last_harvest``.
        """
        return super().final_harvest(m.but(deferred=m.deferred.cleared())).but(deferred=m.deferred)


class DefersInTheLastRound(DeferredPages[D]):
    def transfer_defer(self, m: D) -> D:
        """Observation O-1: a page may be deferred in the last round too, after which nobody looks.

        Refuted by ``nothing_is_deferred_past_the_last_harvest``.
        """
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.transfer.read.is_empty, "no word of the page has been sent")
        page = m.transfer.page
        noted = m.ghost.noted.add(page)
        return m.but(deferred=m.deferred.add(page), transfer=self.idle(m), ghost=m.ghost.but(noted=noted))


class CountsTooMany(XenRounds[X]):
    def count(self, pages: Set[int]) -> int:
        """More than there are: a round more than need be, and none less."""
        return pages.size + 1


_TWO_PAGES = ({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)
"""One page is counted rightly in one bit."""

XEN_VARIANTS = (
    Variant(
        "count-truncated",
        "M30",
        CountsInOneBit,
        "the count of a harvest is cut to fewer bits and reads 0: the round is not sent",
        ("17e91570c5",),
        machine="bare+xen-rounds",
        growing=_TWO_PAGES,
    ),
    Variant(
        "first-round-uncounted",
        "M30",
        FirstRoundCountsNothing,
        "the first bitmap, all ones, is not counted as dirty, and the count says that there is nothing to send",
        ("fb6135807f",),
        machine="bare+xen-rounds",
    ),
    Variant(
        "converged-round-dropped",
        "M04",
        ConvergedRoundIsDropped,
        "the round after which the policy stops is neither sent nor joined to the last one",
        ("do_memory_migration",),
        machine="bare+xen-rounds",
    ),
    Variant(
        "deferred-forgotten",
        "M24",
        DefersAndForgets,
        "a page that could not be normalised is deferred, and the last round does not send it",
        ("a335a58e75",),
        machine="bare+deferred-pages",
    ),
    Variant(
        "deferred-in-the-last-round",
        "M24",
        DefersInTheLastRound,
        "a page is deferred in the last round, and what is deferred is cleared after it (observation O-1)",
        ("a335a58e75",),
        machine="bare+deferred-pages",
    ),
    Variant(
        "count-too-high",
        "M30",
        CountsTooMany,
        "a harvest counts more pages than it found: another round for nothing",
        ("fb6135807f",),
        sound=True,
        machine="bare+xen-rounds",
    ),
)
