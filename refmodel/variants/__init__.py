"""Wrong variants of machines, and sound ones: patches of one function each, as data.

A class of the catalogue of real bugs (M01 to M33) becomes a subclass with one method replaced, with the ids of the
commits that it stands for. Nothing else of the specification is repeated here, and nothing of the catalogue.
"""

from refmodel.variants.controls import CONTROLS
from refmodel.variants.hand_over import HAND_OVER_VARIANTS
from refmodel.variants.logging import LOGGING_VARIANTS
from refmodel.variants.rounds import ROUNDS_VARIANTS
from refmodel.variants.transport import TRANSPORT_VARIANTS
from refmodel.variants.variant import Variant

__all__ = ["VARIANTS", "Variant", "sample"]

VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (*LOGGING_VARIANTS, *ROUNDS_VARIANTS, *TRANSPORT_VARIANTS, *HAND_OVER_VARIANTS, *CONTROLS)
}
"""Every variant, by name."""


def sample() -> tuple[Variant, ...]:
    """What a quick check looks at: the variants of the bare machine, and of each further class the first wrong one."""
    bare = [variant for variant in VARIANTS.values() if variant.machine == "bare"]
    known = {variant.catalogue for variant in bare}
    others = {v.catalogue: v for v in reversed(VARIANTS.values()) if v.catalogue not in known and not v.sound}
    return (*bare, *others.values())
