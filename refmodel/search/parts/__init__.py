"""What the parts of a machine change in where it is searched: what they keep alive, add, start with, and how large.

One module a part; a part that changes nothing has none.
"""

from collections.abc import Mapping

from refmodel.migration import AnyMachine
from refmodel.parts import PARTS
from refmodel.search.parts import (
    backup_bitmap,
    changing_memory,
    checkpoints,
    device_writes,
    dirty_ring,
    encodings,
    grants,
    guest_tables,
    hypervisor_writes,
    incremental,
    latched_walk,
    log_mode,
    manual_protect,
    postcopy,
    protect_at_harvest,
    protect_at_transfer,
    pv_tables,
    qemu_rounds,
    second_hop,
    superpages,
    transport,
    two_clients,
    views,
    xen_rounds,
)
from refmodel.search.parts.part_space import PartSpace

__all__ = ["PartSpace", "part_spaces"]

_SPACES: Mapping[str, PartSpace] = {
    "postcopy": postcopy.SPACE,
    "backup-bitmap": backup_bitmap.SPACE,
    "checkpoints": checkpoints.SPACE,
    "incremental": incremental.SPACE,
    "fifo-wire": transport.FIFO,
    "late-buffer": transport.LATE,
    "channels": transport.CHANNELS,
    "zero-pages": encodings.ZEROS,
    "delta-cache": encodings.CACHE,
    "pv-tables": pv_tables.SPACE,
    "qemu-rounds": qemu_rounds.SPACE,
    "dirty-ring": dirty_ring.SPACE,
    "second-hop": second_hop.SPACE,
    "memory-slots": changing_memory.SLOTS,
    "populate-on-demand": changing_memory.POPULATED,
    "free-hints": changing_memory.FREE,
    "manual-protect": manual_protect.SPACE,
    "guest-tables": guest_tables.SPACE,
    "latched-walk": latched_walk.SPACE,
    "superpages": superpages.SPACE,
    "two-clients": two_clients.SPACE,
    "views": views.SPACE,
    "log-mode": log_mode.SPACE,
    "mode-hint": log_mode.HINT,
    "hypervisor-writes": hypervisor_writes.SPACE,
    "device-writes": device_writes.SPACE,
    "grants": grants.SPACE,
    "xen-2005-rounds": xen_rounds.YEAR_2005,
    "xen-rounds": xen_rounds.TODAY,
    "deferred-pages": protect_at_harvest.DEFERRED,
    "leaf-by-leaf": protect_at_harvest.LEAVES,
    "protect-at-transfer": protect_at_transfer.SPACE,
}


def part_spaces(spec: AnyMachine) -> list[PartSpace]:
    """Those of the parts that the machine has."""
    return [space for name, space in _SPACES.items() if isinstance(spec, PARTS[name].cls)]
