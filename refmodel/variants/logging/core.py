"""Wrong variants of what every machine and the seed have of the contract *logging*: M01, M07, M09, M10, M29."""

from refmodel.language import need, neg
from refmodel.logging.faults import Faults
from refmodel.logging.mmu import Mmu
from refmodel.logging.protect_at_transfer import P, ProtectAtTransfer
from refmodel.logging.roots import ShadowedForMigration
from refmodel.logging.shadow import Entry, ShadowTable
from refmodel.state import Cpus, M, Shadow, Stage
from refmodel.variants.variant import Variant

__all__ = ["LOGGING_VARIANTS"]


class SwapsAfterProtecting(ProtectAtTransfer[P]):
    def transfer_flush(self, m: P, cpu: int) -> P:
        """The log's bit is taken once the page is protected: a fault in between is forgotten."""
        after = super().transfer_flush(m, cpu)
        if after.transfer.stage == Stage.READING:
            return after.but(log=self.log_cleared(after, m.transfer.page))
        return after


class NeverFlushes(ProtectAtTransfer[P]):
    def flushed(self, m: P, cpu: int, page: int) -> Cpus:
        """TLB entries outlive the protection."""
        return m.cpus


class FlushesBeforeRevoking(ProtectAtTransfer[P]):
    def is_revoked(self, m: P, page: int) -> bool:
        """The flush does not wait for the mappings: a walk brings the writable entry back."""
        return True


class FlushesOneCpu(ProtectAtTransfer[P]):
    def transfer_flush(self, m: P, cpu: int) -> P:
        """The first flush counts for all CPUs."""
        return (after := super().transfer_flush(m, cpu)).but(transfer=after.transfer.but(stage=Stage.READING))


class FlushesOnlyIfRevoked(ProtectAtTransfer[P]):
    def transfer_mark(self, m: P) -> P:
        """With no writable shadow mapping there is nothing to flush, it thinks; a TLB may still have one."""
        after = super().transfer_mark(m)
        if self.is_revoked(after, m.transfer.page):
            return after.but(transfer=after.transfer.but(stage=Stage.READING))
        return after


class FlushesByTheGuestsTable(ProtectAtTransfer[P]):
    def flushed(self, m: P, cpu: int, page: int) -> Cpus:
        """Entries are found by what the guest's table says now, not by the frame that they name."""
        cpus, table = m.cpus, m.source.table
        return cpus.but(
            present=cpus.present.where(lambda c, v: (c == cpu) & table.present[v] & (table.frame[v] == page), False),
            writable=cpus.writable.where(lambda c, v: (c == cpu) & table.present[v] & (table.frame[v] == page), False),
        )


class EntersTransferredPagesWritable(ShadowTable[M]):
    def propagate(self, m: M, vpn: int) -> Entry:
        """The guest's rights are copied whatever the log says."""
        table = m.source.table
        return Entry(table.present[vpn], table.frame[vpn], table.writable[vpn])


class ResyncGrantsAgain(ShadowTable[M]):
    def shadow_resync(self, m: M, vpn: int) -> M:
        """Write access that was removed comes back with the guest's rights when the entry is resynced."""
        after = super().shadow_resync(m, vpn)
        return after.but(shadow=after.shadow.but(writable=after.shadow.writable.put(vpn, m.source.table.writable[vpn])))


class RevokesOnlyInSyncEntries(ProtectAtTransfer[P]):
    def is_revoked(self, m: P, page: int) -> bool:
        """Entries that are out of sync are not looked at, and go on letting the page be written."""
        shadow = m.shadow
        in_sync = shadow.writable.never(lambda v: (shadow.frame[v] == page) & neg(shadow.unsynced[v]))
        return neg(m.protection.transferred[page]) | in_sync


class EmulatedWriteGrants(ShadowTable[M]):
    def entered(self, m: M, vpn: int) -> Shadow:
        """An entry that was writable before stays writable when it is made afresh for another frame."""
        shadow = super().entered(m, vpn)
        return shadow.but(writable=shadow.writable.put(vpn, shadow.writable[vpn] | m.shadow.writable[vpn]))


class OneCpuKeepsItsRoot(ShadowedForMigration[M]):
    def need_set_up(self, m: M) -> None:
        """Rounds begin as soon as one CPU walks the shadow; another still walks the guest's own table."""
        need(neg(m.cpus.on_shadow.is_empty), "some CPU walks the shadow")
        super().need_set_up(m.but(cpus=m.cpus.but(on_shadow=m.cpus.on_shadow.filled())))


class WalkKeepsTheOldFrame(Mmu[M]):
    def mmu_walk(self, m: M, cpu: int, vpn: int) -> M:
        """A walk brings new rights for the frame that an earlier entry named."""
        after = super().mmu_walk(m, cpu, vpn)
        return after.but(cpus=after.cpus.but(frame=m.cpus.frame))


class ForgetsToMark(Faults[M]):
    def marked(self, m: M, page: int) -> M:
        """The log's page could not be allocated; the bit is dropped and the store goes on."""
        return m


LOGGING_VARIANTS = (
    Variant(
        "swap-after-protect",
        "M01",
        SwapsAfterProtecting,
        "the log is swapped after the page has been protected; a fault in between leaves it clean and writable",
        ("edde99ce05290",),
    ),
    Variant(
        "no-flush",
        "M07",
        NeverFlushes,
        "write access is revoked in the shadow, and no TLB is flushed",
        ("kvm-28", "6b792e28bc"),
    ),
    Variant(
        "flush-before-revoke",
        "M07",
        FlushesBeforeRevoking,
        "the flush comes before the change that keeps new entries out",
        ("8cc5036bc3",),
    ),
    Variant(
        "flush-one-cpu",
        "M07",
        FlushesOneCpu,
        "only one CPU is flushed before the page is read",
        ("4da59282e0",),
    ),
    Variant(
        "flush-elided",
        "M07",
        FlushesOnlyIfRevoked,
        "no flush when no shadow mapping had to be changed",
        ("6dbf79e7164e", "7c8a4742c4ab"),
    ),
    Variant(
        "flush-by-guest-table",
        "M07",
        FlushesByTheGuestsTable,
        "TLB entries are looked for where the guest's table maps the page now",
        ("a9949efb28",),
    ),
    Variant(
        "fill-writable",
        "M09",
        EntersTransferredPagesWritable,
        "a transferred page is entered with the guest's rights",
        ("_sh_propagate", "c22885050e65"),
    ),
    Variant(
        "resync-grants",
        "M09",
        ResyncGrantsAgain,
        "a resync gives write access back after it was removed",
        ("6d72e644df", "1f80f21b47"),
    ),
    Variant(
        "revoke-in-sync-only",
        "M09",
        RevokesOnlyInSyncEntries,
        "write access is looked for only in entries that are in sync",
        ("b42db2ecdf",),
    ),
    Variant(
        "remap-keeps-rights",
        "M09",
        EmulatedWriteGrants,
        "an entry that is made afresh keeps the write access that it had",
        ("24488e9b29",),
    ),
    Variant(
        "cpu-keeps-root",
        "M10",
        OneCpuKeepsItsRoot,
        "pages are protected while a CPU still walks the guest's own table",
        ("9990621f33", "404381c5839d"),
    ),
    Variant(
        "walk-keeps-frame",
        "M07",
        WalkKeepsTheOldFrame,
        "a TLB entry gets new rights and keeps its old frame",
        ("16a20963b3",),
    ),
    Variant(
        "mark-dropped",
        "M29",
        ForgetsToMark,
        "the fault permits the write and its mark is lost",
        ("paging_log_dirty_op",),
    ),
)
