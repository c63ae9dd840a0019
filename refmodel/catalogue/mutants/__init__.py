"""Wrong checkers, class M33: each is one of this project's own with one function replaced, as variants are of machines.

A mutant is shown on a wrong variant that the right checker catches. It is caught itself where it does not say the same:
so every class needs a variant that its checkers are known to catch.
"""

from collections.abc import Mapping

from refmodel.catalogue.mutants.judges import JUDGES
from refmodel.catalogue.mutants.mutant import Mutant, Shown, shown
from refmodel.catalogue.mutants.searches import SEARCHES

__all__ = ["MUTANTS", "Mutant", "Shown", "mutants_of", "shown"]

MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for mutant in (*JUDGES, *SEARCHES)}
"""By name."""


def mutants_of(number: str) -> tuple[Mutant, ...]:
    """The mutants that stand for a class."""
    return tuple(mutant for mutant in MUTANTS.values() if mutant.catalogue == number)
