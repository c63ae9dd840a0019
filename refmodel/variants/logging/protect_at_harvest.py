"""Wrong variants of ``protect-at-harvest`` and ``harvest-unpaused``: M01, M07, M09, M25; and two sound ones."""

from refmodel.language import need, neg
from refmodel.logging.protect_at_harvest import C, ProtectAtHarvest
from refmodel.rounds.log_dirty_op import LogDirtyOp
from refmodel.variants.variant import Variant

__all__ = ["HARVEST_VARIANTS"]


class BlowsBeforeClearing(ProtectAtHarvest[C]):
    def harvest_blow(self, m: C) -> C:
        """Write access goes first, and the log may be cleared later: the bits of faults in between go with it.

        Refuted by ``under_a_running_guest_the_log_is_cleared_then_the_shadow_blown_then_cpus_flushed``.
        """
        need(m.clean.under_way, "a log-dirty operation is under way")
        need(neg(m.clean.blown), "the shadow tables have not been blown yet")
        return self.blown(m)


class FlushesNothing(ProtectAtHarvest[C]):
    def harvest_flush(self, m: C, cpu: int) -> C:
        """The flush is asked for and nobody does it. Refuted by ``a_tlb_lets_stores_pass_unseen_only...``."""
        return super().harvest_flush(m, cpu).but(cpus=m.cpus)


class FlushesBeforeBlowing(ProtectAtHarvest[C]):
    def harvest_flush(self, m: C, cpu: int) -> C:
        """A CPU may be flushed while the old tables can still be walked.

        Refuted by the order of a harvest under a running guest, and by what TLBs may hold.
        """
        need(m.clean.under_way, "a log-dirty operation is under way")
        need(neg(m.clean.flushed[cpu]), "this CPU has not been flushed yet")
        return m.but(cpus=self.dropped(m, cpu), clean=m.clean.but(flushed=m.clean.flushed.add(cpu)))


class ReleasesUnflushed(LogDirtyOp[C]):
    def harvest_release(self, m: C) -> C:
        """The vCPUs go on with the flush put off. Refuted by ``a_tlb_lets_stores_pass_unseen_only...``."""
        need(m.clean.cleared & m.clean.blown, "the log has been cleared and the shadow tables blown")
        return self.ended(m)


class GrantsWhatIsOwed(ProtectAtHarvest[C]):
    def permits(self, m: C, page: int) -> bool:
        """A page that the round will send anyway is entered writable; nothing undoes that when it is sent.

        Refuted by ``a_tlb_lets_stores_pass_unseen_only...`` at ``transfer_clear``.
        """
        return m.rounds.to_send[page] | super().permits(m, page)


class AbortLeavesPaused(ProtectAtHarvest[C]):
    def logging_ended(self, m: C) -> C:
        """The abort forgets that a harvest held the domain. Refuted by ``no_vcpu_is_held_by_the_log...``."""
        return m


_ONE_OF_EACH = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)
"""A guest that stands still for ever notices nothing; that is soon known in the smallest machine."""

HARVEST_VARIANTS = (
    Variant(
        "harvest-protects-first",
        "M01",
        BlowsBeforeClearing,
        "a harvest under the running guest protects first, and clears the log afterwards",
        ("edde99ce05290",),
        machine="bare+harvest-unpaused",
    ),
    Variant(
        "harvest-no-flush",
        "M07",
        FlushesNothing,
        "shadows are blown, and no TLB is flushed",
        ("69f7643df6",),
        machine="bare+protect-at-harvest",
    ),
    Variant(
        "harvest-flush-first",
        "M07",
        FlushesBeforeBlowing,
        "under the running guest CPUs are flushed before the shadows are blown, and walk them again",
        ("8cc5036bc3",),
        machine="bare+harvest-unpaused",
    ),
    Variant(
        "harvest-flush-late",
        "M07",
        ReleasesUnflushed,
        "the domain is unpaused before its CPUs have been flushed",
        ("6ce64428d620",),
        machine="bare+protect-at-harvest",
    ),
    Variant(
        "harvest-grants-owed",
        "M09",
        GrantsWhatIsOwed,
        "a clean page is entered writable, as it is yet to be sent in this round",
        ("_sh_propagate",),
        machine="bare+protect-at-harvest",
    ),
    Variant(
        "abort-leaves-paused",
        "M25",
        AbortLeavesPaused,
        "an abort in the middle of a harvest leaves the vCPUs held",
        ("95393dde94",),
        machine="bare+protect-at-harvest",
        growing=_ONE_OF_EACH,
        unnoticed="a guest that stands still for good notices nothing",
    ),
    Variant(
        "harvest-protects-first-paused",
        "M01",
        BlowsBeforeClearing,
        "the log is cleared after the protection: harmless while the vCPUs are held for both",
        ("paging_log_dirty_op",),
        sound=True,
        machine="bare+protect-at-harvest",
    ),
    Variant(
        "harvest-flush-first-paused",
        "M07",
        FlushesBeforeBlowing,
        "CPUs are flushed before the shadows are blown: harmless while the vCPUs are held for both",
        sound=True,
        machine="bare+protect-at-harvest",
    ),
)
