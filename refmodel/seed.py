"""The machine ``seed``: shadow paging as the seed text tells it, protect at transfer (level B).

``bare`` is the same without failures: what every machine has, and the least of what it needs besides. It stands for no
hypervisor. Parts are looked at one by one on it, and its states can be counted beside those of other tools.
"""

from attrs import frozen

from refmodel.handover.failure_claims import FailureClaims
from refmodel.handover.failure_state import WithFailures
from refmodel.logging.protect_at_transfer import ProtectAtTransfer, WithProtection
from refmodel.logging.roots import ShadowedForMigration
from refmodel.migration import Migration

__all__ = ["Bare", "BareState", "Seed", "SeedState"]


@frozen(slots=False)
class BareState(WithProtection):
    """The bare machine's state."""


class Bare(ShadowedForMigration[BareState], ProtectAtTransfer[BareState], Migration[BareState]):
    """The shadow slides under the guest's table for the migration; a page is protected when it is transferred."""

    state = BareState
    parts = ("shadowed-for-migration", "protect-at-transfer")


@frozen(slots=False)
class SeedState(WithFailures, WithProtection):
    """The seed machine's state."""


class Seed(
    FailureClaims[SeedState],
    ShadowedForMigration[SeedState],
    ProtectAtTransfer[SeedState],
    Migration[SeedState],
):
    """The same, where the target may refuse, and the wire, the source or the target be lost at any step."""

    state = SeedState
    parts = (*Bare.parts, "failures")
