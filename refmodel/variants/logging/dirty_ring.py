"""Wrong variants of the part ``dirty-ring``: M02, M06, M07."""

from refmodel.language import neg
from refmodel.logging.dirty_ring import DirtyRing
from refmodel.logging.ring_push import RingPush
from refmodel.logging.ring_state import R, Ring
from refmodel.state import Cpus
from refmodel.variants.variant import Variant

__all__ = ["DIRTY_RING_VARIANTS"]


class HarvestsWithoutDraining(DirtyRing[R]):
    def is_quiet(self, m: R) -> bool:
        """The last harvest takes what the reaper happens to have read; what is still in the rings stays there.

        Refuted by ``after_the_last_harvest_the_log_is_empty``.
        """
        return True


class WritesTheFlagFirst(RingPush[R]):
    def half_written(self, ring: Ring, cpu: int, entry: int, page: int, last: bool) -> Ring:
        """Without acquire and release the flag is seen before the payload: the reaper reads what was there before.

        Refuted by ``a_vcpu_writes_only_free_entries``.
        """
        if last:
            return ring.but(page=ring.page.set((cpu, entry), page))
        return ring.but(dirty=ring.dirty.add((cpu, entry)))


class HandsBackBeforeReading(DirtyRing[R]):
    def reap_flag(self, m: R, cpu: int, entry: int) -> R:
        """The entry is RESET before its payload has been read: the kernel may free it, and a vCPU fill it anew.

        Refuted by ``what_was_read_is_collected_until_it_is_reset``.
        """
        after = super().reap_flag(m, cpu, entry)
        ring = m.ring.but(dirty=m.ring.dirty.discard((cpu, entry)), reset=m.ring.reset.add((cpu, entry)))
        return after.but(ring=ring)


class DropsWhenFull(RingPush[R]):
    def faulted(self, m: R, cpu: int, page: int) -> R:
        """With no entry free the store goes on without one; the vCPU does not wait.

        Refuted by ``a_page_is_unprotected_only_while_an_entry_names_it``.
        """
        taken = m.ring.dirty | m.ring.reset
        if (taken.filled() - taken).never(lambda c, e: c == cpu):
            return m
        return super().faulted(m, cpu, page)


class FillsEntriesBeforeTheirReset(RingPush[R]):
    def is_free(self, m: R, cpu: int, entry: int) -> bool:
        """An entry counts as free once it has been read, before the page that it names is protected again.

        Refuted by ``a_page_is_unprotected_only_while_an_entry_names_it``.
        """
        return neg(m.ring.dirty[cpu, entry])


class ResetsWithoutFlush(DirtyRing[R]):
    def flushed(self, m: R, cpu: int) -> Cpus:
        """The reset protects the mappings, and no TLB is flushed.

        Refuted by ``a_tlb_lets_stores_pass_unseen_only_where_the_log_permits``.
        """
        return m.cpus


class SyncsBeforeTheReset(DirtyRing[R]):
    def emptied(self, m: R) -> R:
        """The sync does not wait for the reset of what was read: pages are sent while they may be written unseen.

        Refuted by ``what_was_read_is_collected_until_it_is_reset``.
        """
        return m.but(reaper=m.reaper.but(collected=m.reaper.collected.cleared()))


_ONE_PAGE = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2}
"""The claim breaks there. What the guest notices takes two pages and 32 steps: more than a search gets through."""
_TWO_PAGES = {"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2}
"""An entry can name the wrong one of two pages only."""

DIRTY_RING_VARIANTS = (
    Variant(
        "ring-not-drained",
        "M06",
        HarvestsWithoutDraining,
        "the last harvest does not drain the rings first",
        ("p2m_flush_hardware_cached_dirty",),
        machine="bare+dirty-ring",
    ),
    Variant(
        "ring-flag-first",
        "M06",
        WritesTheFlagFirst,
        "an entry's flag is seen before its payload: another page is read in its place",
        ("4802bf910e",),
        machine="bare+dirty-ring",
    ),
    Variant(
        "ring-reset-first",
        "M06",
        HandsBackBeforeReading,
        "an entry is handed back before its payload has been read, and may name another page by then",
        ("52281c6d11",),
        machine="bare+dirty-ring",
        growing=(_ONE_PAGE,),
    ),
    Variant(
        "ring-full-drops",
        "M06",
        DropsWhenFull,
        "a vCPU whose ring is full goes on, and its store is not logged",
        ("kvm_dirty_ring_soft_full",),
        machine="bare+dirty-ring",
        growing=(_TWO_PAGES,),
    ),
    Variant(
        "ring-freed-early",
        "M06",
        FillsEntriesBeforeTheirReset,
        "an entry is free before the page that it names has been protected: the reset protects another",
        ("52281c6d11",),
        machine="bare+dirty-ring",
        growing=(_TWO_PAGES,),
    ),
    Variant(
        "ring-reset-no-flush",
        "M07",
        ResetsWithoutFlush,
        "the reset of the rings protects the mappings, and flushes no TLB",
        ("kvm-28",),
        machine="bare+dirty-ring",
    ),
    Variant(
        "ring-sync-early",
        "M02",
        SyncsBeforeTheReset,
        "pages read from the rings are sent before the reset has protected them",
        ("migration_bitmap_clear_dirty",),
        machine="bare+dirty-ring",
    ),
)
