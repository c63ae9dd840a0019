"""What a mutant is: a checker with one function replaced, and the variant on which that shows."""

from collections.abc import Callable

from attrs import frozen

from refmodel.variants import VARIANTS, Variant

__all__ = ["Mutant", "Said", "Shown", "shown"]

Said = tuple[str, ...]
"""What a checker finds, by rule or claim; nothing where it says nothing."""


@frozen
class Mutant:
    """A wrong checker; ``ask`` has it, or the right one, look at a variant."""

    name: str
    checker: str
    summary: str
    replaces: str
    """The function that is another in it."""
    sources: tuple[str, ...]
    shown_on: str
    """The wrong variant that it is shown."""
    ask: Callable[[Variant, bool], Said]
    """What the checker finds in the variant: the right one, or the mutant where it is told to be wrong."""
    catalogue: str = "M33"


@frozen
class Shown:
    """What the right checker and the mutant say of the same variant."""

    mutant: Mutant
    right: Said
    wrong: Said

    @property
    def is_right(self) -> bool:
        """The right checker finds something, and the mutant does not find all of it."""
        return bool(self.right) and bool(set(self.right) - set(self.wrong))

    @property
    def lost(self) -> Said:
        """What the mutant does not find."""
        return tuple(each for each in self.right if each not in self.wrong)


def shown(mutant: Mutant) -> Shown:
    """Have both look, now."""
    variant = VARIANTS[mutant.shown_on]
    return Shown(mutant, mutant.ask(variant, False), mutant.ask(variant, True))
