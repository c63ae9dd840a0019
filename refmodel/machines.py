"""The machines, and their wrong variants, by name."""

from collections.abc import Mapping

from refmodel.compose import BARE, CHOICES, compose
from refmodel.migration import AnyMachine
from refmodel.parts import PARTS
from refmodel.seed import Seed
from refmodel.unusable import Unusable, nearest, shown
from refmodel.variants import VARIANTS, Variant

__all__ = ["MACHINES", "ONE_BY_ONE", "machine", "own_machine", "variant_named"]

MACHINES: Mapping[str, str] = {choice.name: choice.summary for choice in CHOICES.values()}
"""The named machines, each with what it is. Any may be given further parts, and so may ``bare``: ``bare+PART``."""
ONE_BY_ONE = (BARE.name, *(f"{BARE.name}+{part}" for part in PARTS if part not in Seed.parts))
"""The bare machine, and with it each part that the seed has not."""


def own_machine(variant: str | None) -> str:
    """The machine that a variant is of; the seed machine for none, or one that is not there."""
    return VARIANTS[variant].machine if variant in VARIANTS else "seed"


def variant_named(name: str) -> Variant:
    """The variant; Unusable, with the nearest names, when there is none."""
    if name not in VARIANTS:
        raise Unusable("variant", f"no variant {shown(name)}", nearest(name, VARIANTS, "refmodel bugs --names"))
    return VARIANTS[name]


def machine(name: str, variant: str | None = None) -> AnyMachine:
    """The machine, or its variant; Unusable, with the nearest name, when there is none."""
    if variant is None:
        return compose(name)()
    return variant_named(variant).on(name)()
