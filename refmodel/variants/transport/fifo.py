"""A wrong variant of ``fifo-wire``, M21.

It breaks ``the_wire_is_empty_but_for_rounds_and_stop_and_copy`` of transport, and the export of hand-over with it.
"""

from refmodel.transport.fifo import FifoWire, W
from refmodel.variants.variant import Variant

__all__ = ["FIFO_VARIANTS"]


class CommitsBeforeItHasArrived(FifoWire[W]):
    def is_settled(self, m: W) -> bool:
        """What has been sent counts as having arrived."""
        return super().is_settled(m.but(fifo=m.fifo.but(words=m.fifo.words.cleared())))


FIFO_VARIANTS = (
    Variant(
        "commit-before-arrival",
        "M21",
        CommitsBeforeItHasArrived,
        "the guest is resumed while some of its memory is still on its way",
        ("62c4943266",),
        machine="bare+fifo-wire",
        rounds=0,
    ),
)
