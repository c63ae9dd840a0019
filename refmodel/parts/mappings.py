"""Which tables are walked, when they are logged, and with what granule."""

from refmodel.language import Contract
from refmodel.logging.always_shadowed import AlwaysShadowed
from refmodel.logging.log_allocation import LogAllocation, WithAllocation
from refmodel.logging.log_mode import LogDirtyMode, WithLogMode
from refmodel.logging.mode_hint import LooksBeforeLocking, WithModeHint
from refmodel.logging.roots import ShadowedForMigration
from refmodel.logging.second_stage import SecondStage
from refmodel.logging.superpages_logged import SuperpagesLogged
from refmodel.logging.superpages_state import WithSuperpages
from refmodel.logging.two_clients import TwoClients, WithClients
from refmodel.logging.views import AlternateViews, WithViews
from refmodel.parts.part import Part

__all__ = ["MAPPINGS"]

MAPPINGS = (
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
)
