"""Wrong variants of the part ``manual-protect``: M01, M02, M04, M07, M12; and two sound ones."""

from refmodel.language import Set, neg
from refmodel.logging.kvm_bitmap import K
from refmodel.logging.manual_protect import ManualProtect
from refmodel.state import Cpus
from refmodel.variants.variant import Variant

__all__ = ["MANUAL_PROTECT_VARIANTS"]


class TakesBitsOnceProtected(ManualProtect[K]):
    def clear_flush(self, m: K, cpu: int) -> K:
        """The bits are taken when all is flushed: those of faults since are taken too, and the page stays writable.

        Refuted by ``a_shadow_entry_grants_writes_only_where_the_log_permits``.
        """
        after = super().clear_flush(m, cpu)
        if after.slot.clearing:
            return after
        return after.but(log=after.log.but(dirty=after.log.dirty - m.slot.revoked))


class SendsBeforeClearing(ManualProtect[K]):
    def may_be_sent(self, m: K, page: int) -> bool:
        """A page may be sent, and its chunk cleared later: what is written in between loses its bit.

        Refuted by ``what_was_fetched_is_owed_until_its_chunk_is_cleared``.
        """
        return True


class TakesUnknownBits(ManualProtect[K]):
    def known(self, m: K) -> Set[int]:
        """CLEAR goes with a bitmap of ones: bits that no GET has seen are taken too.

        Refuted by ``clear_takes_bits_that_were_fetched_and_no_others``.
        """
        return m.slot.fetched.filled()


class ClearsWithoutFlush(ManualProtect[K]):
    def flushed(self, m: K, cpu: int) -> Cpus:
        """TLB entries outlive the protection.

        Refuted by ``a_tlb_lets_stores_pass_unseen_only_where_the_log_permits``.
        """
        return m.cpus


class FlushesIfMappingsChanged(ManualProtect[K]):
    def needs_flush(self, m: K, taken: Set[int]) -> bool:
        """No flush where no mapping had to be changed; a TLB may hold one that is gone by now.

        Refuted by ``a_tlb_lets_stores_pass_unseen_only_where_the_log_permits``.
        """
        return neg(m.shadow.writable.never(lambda v: taken[m.shadow.frame[v]]))


class AsksForAnotherRange(ManualProtect[K]):
    def asked(self, m: K, chunk: int) -> Set[int]:
        """CLEAR is asked for a range that begins where the chunk ends.

        Refuted by ``what_was_fetched_is_owed_until_its_chunk_is_cleared``.
        """
        return m.slot.fetched.only(lambda page: m.slot.chunk_of[page] != chunk)


class LeavesTheKernelsBits(ManualProtect[K]):
    def known(self, m: K) -> Set[int]:
        """A page's bit goes from what is owed alone, and stays in the kernel's bitmap: the next GET finds it again."""
        return m.slot.fetched.cleared()


class ClearsEveryChunk(ManualProtect[K]):
    def asked(self, m: K, chunk: int) -> Set[int]:
        """Every CLEAR is for all chunks: pages that will be sent much later are protected now."""
        return m.slot.fetched.filled()


_TWO_CHUNKS = {"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "chunk": 2}
"""Two pages, each in a chunk of its own: a range that is not the chunk's is then another's."""

MANUAL_PROTECT_VARIANTS = (
    Variant(
        "clear-takes-late",
        "M01",
        TakesBitsOnceProtected,
        "the kernel protects first and takes the bits when it has: a page ends clean and writable",
        ("edde99ce05290",),
        machine="bare+manual-protect",
    ),
    Variant(
        "chunk-cleared-late",
        "M02",
        SendsBeforeClearing,
        "a chunk's dirty log is cleared after pages of it have been sent",
        ("migration_bitmap_clear_dirty",),
        machine="bare+manual-protect",
    ),
    Variant(
        "clear-unfetched",
        "M04",
        TakesUnknownBits,
        "CLEAR takes bits that were set since the last GET and never fetched",
        ("9f4bf4baa8",),
        machine="bare+manual-protect",
    ),
    Variant(
        "clear-no-flush",
        "M07",
        ClearsWithoutFlush,
        "CLEAR protects the mappings, and flushes no TLB",
        ("kvm-28",),
        machine="bare+manual-protect",
    ),
    Variant(
        "clear-flush-elided",
        "M07",
        FlushesIfMappingsChanged,
        "CLEAR flushes only if it had to change a mapping",
        ("7c8a4742c4ab", "6dbf79e7164e"),
        machine="bare+manual-protect",
    ),
    Variant(
        "log-clear-wrong-start",
        "M12",
        AsksForAnotherRange,
        "CLEAR is asked for another range than the chunk: other bits are taken, the chunk's stay",
        ("25aa6b3718",),
        machine="bare+manual-protect",
        growing=(_TWO_CHUNKS,),
        rounds=0,
    ),
    Variant(
        "bits-reappear",
        "M18",
        LeavesTheKernelsBits,
        "bits are cleared in one bitmap only, so that every page is found dirty again at each sync",
        ("3143577d6a",),
        sound=True,
        machine="bare+manual-protect",
    ),
    Variant(
        "clear-ahead",
        "-",
        ClearsEveryChunk,
        "every CLEAR covers all chunks, long before their pages are sent",
        ("migration_bitmap_clear_dirty",),
        sound=True,
        machine="bare+manual-protect",
    ),
)
