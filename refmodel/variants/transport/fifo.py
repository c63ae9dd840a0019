"""A wrong variant of ``fifo-wire``, M21.

It breaks ``at_the_commit_nothing_is_marked_and_nothing_on_its_way`` of hand-over.
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
        machine="seed+fifo-wire",
        rounds=0,
    ),
)
