"""The machine ``seed``: shadow paging as the seed text tells it, protect at transfer (level B)."""

from attrs import frozen

from refmodel.logging.protect_at_transfer import ProtectAtTransfer, WithProtection
from refmodel.logging.roots import ShadowedForMigration
from refmodel.migration import Migration

__all__ = ["Seed", "SeedState"]


@frozen(slots=False)
class SeedState(WithProtection):
    """The seed machine's state."""


class Seed(ShadowedForMigration[SeedState], ProtectAtTransfer[SeedState], Migration[SeedState]):
    """The shadow slides under the guest's table for the migration; a page is protected when it is transferred."""

    state = SeedState
    parts = ("shadowed-for-migration", "protect-at-transfer")
