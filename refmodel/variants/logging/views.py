"""Wrong variants of the part ``views``: M07, M17."""

from refmodel.logging.views import AlternateViews, V
from refmodel.variants.variant import Variant

__all__ = ["VIEW_VARIANTS"]

_MACHINE = "bare+views"


class CoversTheHostsViewOnly(AlternateViews[V]):
    def is_revoked_elsewhere(self, m: V) -> bool:
        """Log-dirty changes the host's p2m alone; a CPU in another view goes on by what was copied before."""
        return True


class FlushesAnotherContext(AlternateViews[V]):
    def enable_flush(self, m: V, cpu: int) -> V:
        """The flush is asked for in the host's context, and a CPU in another view never looks there."""
        after = super().enable_flush(m, cpu)
        return after.but(cpus=m.cpus) if m.views.alternate[cpu] else after


VIEW_VARIANTS = (
    Variant(
        "host-view-only",
        "M17",
        CoversTheHostsViewOnly,
        "logging covers the host's p2m, and not the view that a CPU is in",
        ("0fb4b58c8b",),
        machine=_MACHINE,
    ),
    Variant(
        "flush-other-context",
        "M07",
        FlushesAnotherContext,
        "the flush goes to the context of the host's p2m, which a CPU in another view does not enter",
        ("6b792e28bc", "69f7643df6"),
        machine=_MACHINE,
    ),
)
