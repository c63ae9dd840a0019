"""Guests that are shadowed at all times, as HVM guests without HAP are: no root changes for the migration (R1).

Long before a migration the shadow is full and TLBs hold what it gave, all of it with the guest's own rights. What is to
be logged has to be taken from them first (``log_mode``).
"""

from refmodel.logging.faults import Faults
from refmodel.state import M, Shadow, Table

__all__ = ["AlwaysShadowed"]


class AlwaysShadowed(Faults[M]):
    """Every CPU walks the shadow from the start, so that nothing has to be claimed about the order in which they do."""

    leaves_out = frozenset(
        {
            "a_flushed_cpu_walks_the_shadow",
            "no_bit_is_taken_before_every_cpu_walks_the_shadow",
            "no_page_is_protected_before_every_cpu_walks_the_shadow",
        }
    )

    def initial(self, anything: M) -> M:
        """Every CPU's root is the shadow's."""
        m = super().initial(anything)
        return m.but(cpus=m.cpus.but(on_shadow=m.cpus.on_shadow.filled()))

    def walked(self, m: M, cpu: int) -> Table | Shadow:
        """The shadow, whatever the phase."""
        return m.shadow

    def walks_the_shadow(self, m: M, cpu: int) -> bool:
        """Always."""
        return True
