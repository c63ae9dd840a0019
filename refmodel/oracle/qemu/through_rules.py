"""What the machine ``kvm-qemu`` says of a recording that it is taken through (``through_kvm_qemu``)."""

from refmodel.language import Contract
from refmodel.oracle.qemu.rules import QemuRule

__all__ = ["CLEARS", "COMMITS", "COUNTS", "OWES", "POLICY", "STANDS", "SYNCS", "THROUGH_KVM_QEMU"]

OWES, CLEARS, COUNTS = (
    "kvm-qemu-owes-each-page-that-is-sent",
    "kvm-qemu-clears-a-chunk-before-it-sends",
    "kvm-qemu-counts-what-it-owes",
)
POLICY, STANDS, COMMITS = (
    "kvm-qemu-goes-on-and-stops-by-its-policy",
    "kvm-qemu-stands-still-at-its-last-sync",
    "kvm-qemu-owes-nothing-at-the-commit",
)

_LOG, _ROUNDS, _OVER = Contract.LOGGING, Contract.ROUNDS, Contract.HAND_OVER
SYNCS = "every record of the stream, and the source's trace (src.trace) with migration_bitmap_sync_end"
"""What none of them can do without."""
_HIDDEN = "certain for some choice of the pages that each sync found, which is hidden"

THROUGH_KVM_QEMU = {
    rule.name: rule
    for rule in (
        QemuRule(
            OWES,
            "each page that is sent is one that the machine `kvm-qemu` owes then: one sync at least has found it since "
            "it was sent last, among as many as that sync counted",
            SYNCS,
            (_ROUNDS,),
            _HIDDEN,
        ),
        QemuRule(
            CLEARS,
            "the machine `kvm-qemu` has cleared the log of a page's chunk since the last sync when the page is sent",
            f"{SYNCS}, ram_save_page and migration_bitmap_clear_dirty",
            (_LOG, _ROUNDS),
            "certain where the clearing is postponed to the send (RAM blocks of whole 256 KiB)",
        ),
        QemuRule(
            COUNTS,
            "each sync counts as many new pages as the machine `kvm-qemu` finds, and what is pending is what it owes",
            SYNCS,
            (_LOG, _ROUNDS),
            _HIDDEN,
        ),
        QemuRule(
            POLICY,
            "the machine `kvm-qemu` stops when little enough is owed, and syncs no sooner",
            f"{SYNCS}, and migrate_pending",
            (_ROUNDS,),
            "certain",
        ),
        QemuRule(
            STANDS,
            "the vCPUs of the machine `kvm-qemu` stand still when it syncs for the last time",
            f"{SYNCS}, and vm_state_notify",
            (_OVER,),
            "certain",
        ),
        QemuRule(
            COMMITS,
            "the machine `kvm-qemu` owes no page when the stream ends: whatever a sync counted was sent",
            SYNCS,
            (_ROUNDS, Contract.TRANSPORT, _OVER),
            _HIDDEN,
        ),
    )
}
"""Every rule, by name."""
