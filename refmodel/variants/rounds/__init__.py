"""Wrong variants of the contract *rounds*, a module for each part that they are of."""

from refmodel.variants.rounds import core

__all__ = ["ROUNDS_VARIANTS"]

ROUNDS_VARIANTS = (*core.ROUNDS_VARIANTS,)
