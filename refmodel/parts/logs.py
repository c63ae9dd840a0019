"""Logs, protections, and what the rounds make of them."""

from refmodel.language import Contract
from refmodel.logging.backup_bitmap import BackupBitmap, WithBackup
from refmodel.logging.kvm_bitmap import WithSlot
from refmodel.logging.manual_protect import ManualProtect
from refmodel.logging.protect_at_harvest import WithClean
from refmodel.logging.protect_at_transfer import ProtectAtTransfer, WithProtection
from refmodel.logging.ring_claims import DirtyRingClaims
from refmodel.logging.ring_state import WithRing
from refmodel.parts.part import Part
from refmodel.rounds.deferred import DeferredPages, WithDeferred
from refmodel.rounds.leaf_by_leaf import LeafByLeaf, WithLeaves
from refmodel.rounds.log_dirty_op import HarvestUnpaused, LogDirtyOp
from refmodel.rounds.put_back import PutBack
from refmodel.rounds.qemu_policy import QemuRounds, WithPending
from refmodel.rounds.xen_2005_policy import WithSkipping, Xen2005Rounds
from refmodel.rounds.xen_policy import WithPolicy, XenRounds

__all__ = ["LOGS"]

LOGS = (
    Part(
        "backup-bitmap",
        BackupBitmap,
        Contract.LOGGING,
        "beside the dirty rings a bitmap for writers with no vCPU, read at the last harvest",
        WithBackup,
        needs=("dirty-ring",),
    ),
    Part(
        "dirty-ring",
        DirtyRingClaims,
        Contract.LOGGING,
        "KVM's dirty rings: each vCPU logs its own faults, userspace reads, the kernel protects again",
        WithRing,
        role="protection",
        sizes={"entry": 1},
    ),
    Part(
        "manual-protect",
        ManualProtect,
        Contract.LOGGING,
        "KVM's bitmap: fetched at a sync, cleared and protected chunk by chunk before pages are sent",
        WithSlot,
        role="protection",
        sizes={"chunk": 1},
    ),
    Part(
        "xen-2005-rounds",
        Xen2005Rounds,
        Contract.ROUNDS,
        "Xen's first policy: pages dirty again are skipped, pages without a frame fixed in the last round",
        WithSkipping,
        role="policy",
    ),
    Part(
        "qemu-rounds",
        QemuRounds,
        Contract.ROUNDS,
        "QEMU's policy: sync and stop when what is pending fits into the downtime limit",
        WithPending,
        role="policy",
    ),
    Part(
        "xen-rounds",
        XenRounds,
        Contract.ROUNDS,
        "Xen's policy: counted rounds, at most 5, until fewer than 50 pages are dirty",
        WithPolicy,
        role="policy",
    ),
    Part(
        "deferred-pages",
        DeferredPages,
        Contract.ROUNDS,
        "pages that cannot be read now are deferred to the last round",
        WithDeferred,
    ),
    Part(
        "put-back",
        PutBack,
        Contract.ROUNDS,
        "a round that cannot be sent goes back into the log",
    ),
    Part(
        "leaf-by-leaf",
        LeafByLeaf,
        Contract.ROUNDS,
        "the log is copied and cleared leaf by leaf, and the copy may fail midway",
        WithLeaves,
        needs=("protect-at-harvest",),
        sizes={"chunk": 2},
    ),
    Part(
        "protect-at-harvest",
        LogDirtyOp,
        Contract.LOGGING,
        "all pages are made read-only when the log is harvested, with the vCPUs held",
        WithClean,
        role="protection",
    ),
    Part(
        "harvest-unpaused",
        HarvestUnpaused,
        Contract.LOGGING,
        "all pages are made read-only when the log is harvested, under the running guest",
        WithClean,
        role="protection",
    ),
    Part(
        "protect-at-transfer",
        ProtectAtTransfer,
        Contract.LOGGING,
        "a page is made read-only when it is transferred",
        WithProtection,
        role="protection",
    ),
)
