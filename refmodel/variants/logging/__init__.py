"""Wrong variants of the contract *logging*, a module for each part that they are of."""

from refmodel.variants.logging import core

__all__ = ["LOGGING_VARIANTS"]

LOGGING_VARIANTS = (*core.LOGGING_VARIANTS,)
