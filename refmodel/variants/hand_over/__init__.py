"""Wrong variants of the contract *hand-over*, a module for each part that they are of."""

from refmodel.variants.hand_over import core, second_hop

__all__ = ["HAND_OVER_VARIANTS"]

HAND_OVER_VARIANTS = (
    *core.HAND_OVER_VARIANTS,
    *second_hop.SECOND_HOP_VARIANTS,
)
