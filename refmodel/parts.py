"""The parts that a machine may have: what each adds to the state, and what it takes the place of.

A part is a class whose steps and claims join the machine's; it refines what the rest of the machine asks (its hooks)
with ``super()``, so that parts that know nothing of each other go together.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from refmodel.handover.second_hop import SecondHop
from refmodel.language import Contract
from refmodel.logging.always_shadowed import AlwaysShadowed
from refmodel.logging.backup_bitmap import BackupBitmap, WithBackup
from refmodel.logging.device_state import WithDevices
from refmodel.logging.device_writes import DeviceWrites
from refmodel.logging.grants import Grants, WithGrants
from refmodel.logging.guest_tables import GuestTables
from refmodel.logging.hypervisor_writes import HypervisorWrites, WithHypervisor
from refmodel.logging.kvm_bitmap import WithSlot
from refmodel.logging.latched_walk import LatchedWalk, WithLatches
from refmodel.logging.log_allocation import LogAllocation, WithAllocation
from refmodel.logging.log_mode import LogDirtyMode, WithLogMode
from refmodel.logging.manual_protect import ManualProtect
from refmodel.logging.memory_map import WithMemoryMap
from refmodel.logging.memory_slots import MemorySlots
from refmodel.logging.mode_hint import LooksBeforeLocking, WithModeHint
from refmodel.logging.populate import PopulateOnDemand, WithPopulation
from refmodel.logging.protect_at_harvest import WithClean
from refmodel.logging.protect_at_transfer import ProtectAtTransfer, WithProtection
from refmodel.logging.ring_claims import DirtyRingClaims
from refmodel.logging.ring_state import WithRing
from refmodel.logging.roots import ShadowedForMigration
from refmodel.logging.second_stage import SecondStage
from refmodel.logging.shared_shadows import SharedShadows
from refmodel.logging.superpages_logged import SuperpagesLogged
from refmodel.logging.superpages_state import WithSuperpages
from refmodel.logging.table_state import WithGuestTables
from refmodel.logging.two_clients import TwoClients, WithClients
from refmodel.logging.views import AlternateViews, WithViews
from refmodel.rounds.deferred import DeferredPages, WithDeferred
from refmodel.rounds.free_hints import FreeHints, WithHints
from refmodel.rounds.leaf_by_leaf import LeafByLeaf, WithLeaves
from refmodel.rounds.log_dirty_op import HarvestUnpaused, LogDirtyOp
from refmodel.rounds.put_back import PutBack
from refmodel.rounds.qemu_policy import QemuRounds, WithPending
from refmodel.rounds.xen_2005_policy import WithSkipping, Xen2005Rounds
from refmodel.rounds.xen_policy import WithPolicy, XenRounds
from refmodel.state import Machine
from refmodel.transport.channels import ParallelChannels
from refmodel.transport.channels_state import WithChannels
from refmodel.transport.delta_cache import DeltaCache, WithCache
from refmodel.transport.fifo import FifoWire, WithFifo
from refmodel.transport.zero_pages import WithZeros, ZeroPages

__all__ = ["PARTS", "Part"]


@frozen
class Part:
    """A part by name. Of two parts with one role a machine has the one that was chosen last."""

    name: str
    cls: type[Any]
    """Its steps, claims and refinements."""
    contract: Contract
    summary: str
    state: type[Machine] = Machine
    """The state of a machine that has just this part."""
    role: str = ""
    """What there must be one of, e.g. a protection; empty where there may be none or many."""
    needs: tuple[str, ...] = ()
    """Parts that it refines, which come with it."""
    sizes: Mapping[str, int] = field(factory=dict)
    """How many the search has of each sort that the part adds."""


_ALL = (
    Part(
        "memory-slots",
        MemorySlots,
        Contract.LOGGING,
        "memory is added, removed and moved while a migration runs",
        WithMemoryMap,
        sizes={"slot": 1},
    ),
    Part(
        "second-hop",
        SecondHop,
        Contract.HAND_OVER,
        "a second migration: after an abort, or on from the target",
    ),
    Part(
        "populate-on-demand",
        PopulateOnDemand,
        Contract.LOGGING,
        "a page comes into being at its first touch (Xen's PoD)",
        WithPopulation,
    ),
    Part(
        "free-hints",
        FreeHints,
        Contract.ROUNDS,
        "the guest says which pages are free, and they are not sent (virtio-balloon)",
        WithHints,
    ),
    Part(
        "delta-cache",
        DeltaCache,
        Contract.TRANSPORT,
        "what was sent of a page is kept, and only what has changed since is sent (XBZRLE)",
        WithCache,
        needs=("fifo-wire",),
        sizes={"line": 1},
    ),
    Part(
        "zero-pages",
        ZeroPages,
        Contract.TRANSPORT,
        "a page of zeros is sent as that, and the target makes it zero",
        WithZeros,
    ),
    Part(
        "channels",
        ParallelChannels,
        Contract.TRANSPORT,
        "pages go by reference to channels without order between them, with a barrier before every harvest (multifd)",
        WithChannels,
        role="wire",
        sizes={"chan": 2},
    ),
    Part(
        "fifo-wire",
        FifoWire,
        Contract.TRANSPORT,
        "what is sent is on its way for a while, and arrives in the order of sending",
        WithFifo,
        role="wire",
        sizes={"place": 2},
    ),
    Part(
        "latched-walk",
        LatchedWalk,
        Contract.LOGGING,
        "the fault handler walks the guest's tables without the lock, and looks again before it uses what it read",
        WithLatches,
        needs=("guest-tables",),
    ),
    Part(
        "shared-shadows",
        SharedShadows,
        Contract.LOGGING,
        "a shadow that is there is linked for every page that walks the same leaf with the same rights",
        needs=("guest-tables",),
    ),
    Part(
        "guest-tables",
        GuestTables,
        Contract.LOGGING,
        "the guest's page tables are pages of its memory: walked, trapped, emulated, logged and sent like any other",
        WithGuestTables,
    ),
    Part(
        "hypervisor-writes",
        HypervisorWrites,
        Contract.LOGGING,
        "the hypervisor writes guest memory on the guest's behalf: write, then mark",
        WithHypervisor,
    ),
    Part(
        "device-writes",
        DeviceWrites,
        Contract.LOGGING,
        "devices and backends write guest memory, and log it by I/O address in logs of their own",
        WithDevices,
        sizes={"dev": 1, "iova": 1},
    ),
    Part(
        "grants",
        Grants,
        Contract.LOGGING,
        "guest pages mapped from outside are written unseen, and marked at the unmap or at the end",
        WithGrants,
    ),
    Part(
        "views",
        AlternateViews,
        Contract.LOGGING,
        "CPUs switch to an alternate view of the p2m, which the log has to cover too",
        WithViews,
        needs=("second-stage",),
    ),
    Part(
        "second-stage",
        SecondStage,
        Contract.LOGGING,
        "the table that is shadowed is the p2m, which does not change (EPT, NPT, TDP)",
        needs=("always-shadowed",),
    ),
    Part(
        "always-shadowed",
        AlwaysShadowed,
        Contract.LOGGING,
        "every CPU walks the shadow at all times, so that it is full when a migration begins",
        role="roots",
        needs=("log-mode",),
    ),
    Part(
        "two-clients",
        TwoClients,
        Contract.LOGGING,
        "video memory is tracked beside the migration, with bits of its own",
        WithClients,
        needs=("always-shadowed",),
    ),
    Part(
        "superpages",
        SuperpagesLogged,
        Contract.LOGGING,
        "regions are mapped large while logging is off, split for the log, and merged again",
        WithSuperpages,
        needs=("always-shadowed",),
        sizes={"region": 1},
    ),
    Part(
        "mode-hint",
        LooksBeforeLocking,
        Contract.LOGGING,
        "a fault reads the mode before it takes the lock, and again under it",
        WithModeHint,
        needs=("log-mode",),
    ),
    Part(
        "log-allocation",
        LogAllocation,
        Contract.LOGGING,
        "a mark needs memory, which may fail: that it did is remembered, and no harvest succeeds",
        WithAllocation,
    ),
    Part(
        "log-mode",
        LogDirtyMode,
        Contract.LOGGING,
        "logging is switched on over mappings that are writable already, and off again",
        WithLogMode,
    ),
    Part(
        "shadowed-for-migration",
        ShadowedForMigration,
        Contract.LOGGING,
        "each CPU's root becomes the shadow's when a migration is set up",
        role="roots",
    ),
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

PARTS: Mapping[str, Part] = {part.name: part for part in _ALL}
"""By name. A part stands before those that it refines: of two that refine one thing the first has the last word."""
