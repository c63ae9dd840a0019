"""Wrong variants of the contract *logging*, a module for each part that they are of."""

from refmodel.variants.logging import (
    backup_bitmap,
    core,
    device_log,
    device_writes,
    dirty_ring,
    grants,
    guest_tables,
    hypervisor_writes,
    kvm_bitmap,
    log_allocation,
    log_mode,
    manual_protect,
    memory_slots,
    populate,
    protect_at_harvest,
    superpages,
    table_walks,
    trapped_tables,
    two_clients,
    views,
)

__all__ = ["LOGGING_VARIANTS"]

LOGGING_VARIANTS = (
    *core.LOGGING_VARIANTS,
    *device_log.DEVICE_LOG_VARIANTS,
    *device_writes.DEVICE_VARIANTS,
    *grants.GRANT_VARIANTS,
    *guest_tables.GUEST_TABLE_VARIANTS,
    *hypervisor_writes.HYPERVISOR_VARIANTS,
    *kvm_bitmap.KVM_BITMAP_VARIANTS,
    *log_mode.LOG_MODE_VARIANTS,
    *protect_at_harvest.HARVEST_VARIANTS,
    *superpages.SUPERPAGE_VARIANTS,
    *table_walks.TABLE_WALK_VARIANTS,
    *trapped_tables.TRAPPED_TABLE_VARIANTS,
    *dirty_ring.DIRTY_RING_VARIANTS,
    *memory_slots.MEMORY_SLOT_VARIANTS,
    *populate.POPULATE_VARIANTS,
    *two_clients.TWO_CLIENT_VARIANTS,
    *log_allocation.ALLOCATION_VARIANTS,
    *backup_bitmap.BACKUP_BITMAP_VARIANTS,
    *views.VIEW_VARIANTS,
    *manual_protect.MANUAL_PROTECT_VARIANTS,
)
