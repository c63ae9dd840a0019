"""Wrong variants of ``leaf-by-leaf`` and ``put-back``, harvests that fail or are interrupted: M04, M28, M29."""

from refmodel.language import neg
from refmodel.rounds.leaf_by_leaf import L, LeafByLeaf
from refmodel.rounds.put_back import PutBack
from refmodel.state import M
from refmodel.variants.variant import Variant

__all__ = ["LEAF_VARIANTS"]


class FailureLosesLeaves(LeafByLeaf[L]):
    def harvest_fails(self, m: L) -> L:
        """The leaves that were copied before the fault have been cleared, and stay so.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        return super().harvest_fails(m).but(log=m.log)


class FailureLeavesPagesWritable(LeafByLeaf[L]):
    def harvest_fails(self, m: L) -> L:
        """The caller goes on with the leaves that it got; their pages are sent, and nothing was protected.

        Refuted by ``a_tlb_lets_stores_pass_unseen_only...``: page and bit are clean, and the page is writable.
        """
        rounds = m.rounds.but(to_send=m.rounds.to_send | m.leaves.found)
        return super().harvest_fails(m).but(log=m.log, rounds=rounds)


class SecondCallerGoesOn(LeafByLeaf[L]):
    def harvest_hold(self, m: L) -> L:
        """A CLEAN that finds one preempted goes on from its leaf, with a bitmap of its own.

        Refuted by ``what_was_noted_is_still_marked``, and by what may be written of those pages.
        """
        if m.clean.under_way & neg(m.clean.cleared):
            return m.but(leaves=m.leaves.but(found=m.leaves.found.cleared()))
        return super().harvest_hold(m)


class FailedRoundIsForgotten(PutBack[M]):
    def round_fails(self, m: M) -> M:
        """What was harvested for the round is gone. Refuted by ``what_was_noted_is_still_marked``."""
        return super().round_fails(m).but(log=m.log)


LEAF_VARIANTS = (
    Variant(
        "failed-copy-loses-leaves",
        "M04",
        FailureLosesLeaves,
        "the copy of the log faults midway, and the leaves that were cleared by then are in nobody's hands",
        ("paging_log_dirty_op",),
        machine="bare+leaf-by-leaf",
    ),
    Variant(
        "failed-copy-unprotected",
        "M29",
        FailureLeavesPagesWritable,
        "the copy of the log faults midway; the pages that it found are sent, and stay writable",
        ("paging_log_dirty_op", "236e0a45f5"),
        machine="bare+leaf-by-leaf",
    ),
    Variant(
        "harvest-two-callers",
        "M28",
        SecondCallerGoesOn,
        "a second caller goes on with a harvest that was interrupted, and gets the rest of it",
        ("070493dfd2",),
        machine="bare+leaf-by-leaf",
    ),
    Variant(
        "failed-round-forgotten",
        "M04",
        FailedRoundIsForgotten,
        "a round that cannot be sent is not put back into the log",
        ("0d0cab9f37", "d9599f5727", "#682"),
        machine="bare+put-back",
    ),
)
