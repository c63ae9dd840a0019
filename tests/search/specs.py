"""Every machine that the search meets: the named ones, the seed with each further part, and every variant."""

from refmodel.compose import CHOICES
from refmodel.machines import MACHINES, machine
from refmodel.migration import AnyMachine
from refmodel.parts import PARTS
from refmodel.variants import VARIANTS

__all__ = ["ALL", "RIGHT", "SOUND", "spec_of"]

RIGHT = [*MACHINES, *(f"seed+{name}" for name in PARTS if name not in CHOICES["seed"].parts)]
SOUND = [*RIGHT, *(variant.name for variant in VARIANTS.values() if variant.sound)]
ALL = [*RIGHT, *VARIANTS]


def spec_of(name: str) -> AnyMachine:
    """The machine, or the variant of its own machine."""
    return VARIANTS[name].spec() if name in VARIANTS else machine(name)
