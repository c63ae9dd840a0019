"""Wrong variants of KVM's bitmap as QEMU reads it: M16, M29."""

from refmodel.language import Set
from refmodel.logging.kvm_bitmap import K, KvmBitmap
from refmodel.variants.variant import Variant

__all__ = ["KVM_BITMAP_VARIANTS"]


class ClearsWithoutTheSlotsBitmap(KvmBitmap[K]):
    def recreate_slot(self, m: K) -> K:
        """The new slot has no copy that a GET has filled: the next CLEAR goes with whatever is there, all ones.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        after = super().recreate_slot(m)
        return after.but(slot=after.slot.but(fetched=after.slot.fetched.filled()))


class DropsTheSlotsBits(KvmBitmap[K]):
    def recreate_slot(self, m: K) -> K:
        """The slot goes with bits that were never fetched; the new one begins with none set.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        after = super().recreate_slot(m)
        return after.but(log=after.log.but(dirty=after.log.dirty.cleared()))


class TakesAnErrorForNothingNew(KvmBitmap[K]):
    def got(self, m: K) -> Set[int]:
        """GET fails with an error that the test for -1 misses: the slot's copy stays as it was, and counts as read.

        Refuted by ``after_the_last_harvest_the_log_is_empty``.
        """
        return m.slot.fetched


KVM_BITMAP_VARIANTS = (
    Variant(
        "slot-without-bitmap",
        "M16",
        ClearsWithoutTheSlotsBitmap,
        "the slot is made anew between sync and clear, and is cleared without a bitmap of what was fetched",
        ("9b3a31c745",),
        machine="bare+manual-protect",
    ),
    Variant(
        "slot-bits-dropped",
        "M16",
        DropsTheSlotsBits,
        "the slot is removed without a sync: what it logged goes with it",
        ("3fbffb628c", "4cc856faba"),
        machine="bare+manual-protect",
    ),
    Variant(
        "get-error-ignored",
        "M29",
        TakesAnErrorForNothingNew,
        "GET's error is not noticed: a stale copy of the bitmap counts as what it found",
        ("38e0b7904e",),
        machine="bare+manual-protect",
    ),
)
