"""What a variant is: a machine with one function of the specification replaced, and the real bugs it stands for."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from refmodel.compose import patched
from refmodel.migration import AnyMachine

__all__ = ["Variant"]


@frozen
class Variant:
    """A named patch; ``sound`` ones are wasteful or cosmetic, and every checker must accept them."""

    name: str
    catalogue: str
    """The class of the catalogue, e.g. M07; a dash for a sound variant without one."""
    patch: type[Any]
    """A subclass of the part that it is of, with one method replaced."""
    summary: str
    sources: tuple[str, ...] = ()
    """The ids of the commits and references in the catalogue that it stands for."""
    sound: bool = False
    machine: str = "bare"
    """The smallest machine that has the part: where it is searched."""
    growing: tuple[Mapping[str, int], ...] = ()
    """The sizes that the search goes through, where those that do for most variants do not."""
    rounds: int = 1
    """How many rounds may follow the first in the search."""
    unnoticed: str = ""
    """Why no guest can notice it, of one that breaks a claim for its own sake; empty where the search says enough."""
    unreached: str = ""
    """Why the search does not reach it in its bounds, and how else it was reached; empty where it does."""

    def on(self, machine: str) -> type[AnyMachine]:
        """The machine with the patch; Unusable where it lacks the part."""
        return patched(machine, self.name, self.patch)

    @property
    def spec(self) -> type[AnyMachine]:
        """The patched machine."""
        return self.on(self.machine)

    @property
    def replaces(self) -> str:
        """The function of the specification that the patch replaces."""
        [name] = [name for name, value in vars(self.patch).items() if callable(value)]
        return str(name)
