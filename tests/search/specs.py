"""Every machine that the search meets: the named ones, the seed with each further part, and every variant."""

import pytest

from refmodel.machines import MACHINES, ONE_BY_ONE, machine
from refmodel.migration import AnyMachine
from refmodel.variants import VARIANTS

__all__ = ["ALL", "RIGHT", "SOME", "SOME_SOUND", "SOUND", "spec_of"]

RIGHT = [*MACHINES, *ONE_BY_ONE]
SOUND = [*RIGHT, *(variant.name for variant in VARIANTS.values() if variant.sound)]
ALL = [*RIGHT, *VARIANTS]
_EVERY = 12
"""Of the variants each so manieth is looked at in the quick tier: each changes one function of a machine."""


def _tiers(names: list[str], quick: set[str]) -> list[object]:
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


_QUICK = {*RIGHT[:1], *RIGHT[len(MACHINES) :], *list(VARIANTS)[::_EVERY]}
SOME = _tiers(ALL, _QUICK)
"""All of them; most variants in the slow tier."""
SOME_SOUND = _tiers(SOUND, _QUICK)


def spec_of(name: str) -> AnyMachine:
    """The machine, or the variant of its own machine."""
    return VARIANTS[name].spec() if name in VARIANTS else machine(name)
