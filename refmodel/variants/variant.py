"""What a variant is: a machine with one function of the specification replaced, and the real bugs it stands for."""

from attrs import frozen

from refmodel.seed import Seed

__all__ = ["Variant"]


@frozen
class Variant:
    """A named patch; ``sound`` ones are wasteful or cosmetic, and every checker must accept them."""

    name: str
    catalogue: str
    """The class of the catalogue, e.g. M07; a dash for a sound variant without one."""
    spec: type[Seed]
    summary: str
    sources: tuple[str, ...] = ()
    """The ids of the commits and references in the catalogue that it stands for."""
    sound: bool = False

    @property
    def replaces(self) -> str:
        """The function of the specification that the patch replaces."""
        [name] = [name for name, value in vars(self.spec).items() if callable(value)]
        return name
