"""Wrong variants of ``qemu-rounds``: M30."""

from refmodel.rounds.qemu_policy import Q, QemuRounds
from refmodel.variants.variant import Variant

__all__ = ["QEMU_VARIANTS"]


class DoesNotCountTheSync(QemuRounds[Q]):
    def harvested(self, m: Q) -> Q:
        """What a sync finds is owed, and is not counted: the source stops with more to send than it thinks.

        Refuted by ``nothing_is_pending_exactly_when_no_page_is_owed``.
        """
        after = super().harvested(m)
        return after.but(pending=after.pending.but(pages=m.pending.pages))


_ONE_PAGE = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2}
"""A wrong count harms no page, so that no larger machine need be searched for one that the guest misses."""

QEMU_VARIANTS = (
    Variant(
        "pending-misses-sync",
        "M30",
        DoesNotCountTheSync,
        "pages that a sync finds are not counted as pending: the stop comes too early, and is too long",
        ("86e1167e9a",),
        machine="bare+qemu-rounds",
        growing=(_ONE_PAGE,),
        unnoticed="the last round sends what is owed, counted or not; what is pending stands in QEMU's trace, where "
        "the oracle finds it by kvm-qemu-counts-what-it-owes",
    ),
)
