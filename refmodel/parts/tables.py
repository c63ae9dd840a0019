"""The guest's page tables as pages of its own."""

from refmodel.language import Contract
from refmodel.logging.guest_tables import GuestTables
from refmodel.logging.latched_walk import LatchedWalk, WithLatches
from refmodel.logging.shared_shadows import SharedShadows
from refmodel.logging.table_state import WithGuestTables
from refmodel.parts.part import Part

__all__ = ["TABLES"]

TABLES = (
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
)
