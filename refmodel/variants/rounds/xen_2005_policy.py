"""Wrong variants of ``xen-2005-rounds``: M04, M05, M31; and a sound one."""

from refmodel.language import need
from refmodel.rounds.xen_2005_policy import S, Xen2005Rounds
from refmodel.state import Stage
from refmodel.variants.variant import Variant

__all__ = ["XEN_2005_VARIANTS"]


class SkipsInTheLastRound(Xen2005Rounds[S]):
    def page_skipped(self, m: S, page: int) -> S:
        """There is no ``dont_skip``: a page that was hot at the last PEEK is skipped in the last round as well.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.to_send[page] & m.skipping.to_skip[page], "the round owes the page, which was dirty at the PEEK")
        return m.but(rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)))


class FixesNothing(Xen2005Rounds[S]):
    def page_not_mapped(self, m: S, page: int) -> S:
        """A page without a frame is passed over, and nothing remembers it.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        return super().page_not_mapped(m, page).but(skipping=m.skipping)


class SkipsByAnOldLook(Xen2005Rounds[S]):
    def next_round(self, m: S) -> S:
        """A round begins with what the last one was to skip: pages that the harvest has taken from the log.

        Refuted by ``what_is_to_be_skipped_is_in_the_log``.
        """
        after = super().next_round(m)
        return after.but(skipping=after.skipping.but(to_skip=m.skipping.to_skip))


class PeeksWithClean(Xen2005Rounds[S]):
    def peek(self, m: S) -> S:
        """The look at the log takes what it finds. Refuted by ``what_was_noted_is_still_marked``."""
        return super().peek(m).but(log=m.log.but(dirty=m.log.dirty.cleared()))


class LastRoundByPeek(Xen2005Rounds[S]):
    def final_harvest(self, m: S) -> S:
        """The last round owes what the last PEEK saw, which was before the vCPUs stood still.

        Refuted by ``after_the_last_harvest_the_log_is_empty``.
        """
        seen = m.but(log=m.log.but(dirty=m.skipping.to_skip))
        return super().final_harvest(seen).but(log=m.log)


class SkipsNothing(Xen2005Rounds[S]):
    def transfer_clear(self, m: S, page: int) -> S:
        """Pages are sent although they are dirty again."""
        return super(Xen2005Rounds, self).transfer_clear(m, page)


XEN_2005_VARIANTS = (
    Variant(
        "skip-in-the-last-round",
        "M31",
        SkipsInTheLastRound,
        "a page that is dirty at every look is never sent, not even in the last round",
        ("xc_domain_save",),
        machine="bare+xen-2005-rounds",
    ),
    Variant(
        "skip-without-fix",
        "M31",
        FixesNothing,
        "a page that has no frame when its turn comes is not sent later either",
        ("xc_domain_save",),
        machine="bare+xen-2005-rounds",
    ),
    Variant(
        "skip-by-an-old-look",
        "M31",
        SkipsByAnOldLook,
        "pages are skipped by what the log held before it was harvested",
        ("xc_domain_save",),
        machine="bare+xen-2005-rounds",
    ),
    Variant(
        "peek-takes",
        "M04",
        PeeksWithClean,
        "the look at the log that says what to skip clears it",
        ("9f4bf4baa8",),
        machine="bare+xen-2005-rounds",
    ),
    Variant(
        "last-harvest-by-peek",
        "M05",
        LastRoundByPeek,
        "the last round owes what a look at the log found while the guest still ran",
        ("5c0ba1be37",),
        machine="bare+xen-2005-rounds",
    ),
    Variant(
        "skip-nothing",
        "-",
        SkipsNothing,
        "pages that are dirty again are sent all the same",
        sound=True,
        machine="xen-2005",
    ),
)
