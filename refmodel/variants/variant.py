"""What a variant is: a machine with one function of the specification replaced, and the real bugs it stands for."""

from attrs import frozen

from refmodel.seed import Seed

__all__ = ["Source", "Variant"]


@frozen
class Source:
    """A real commit or report: project and id, the evidence tag, and what went wrong there.

    Tags: D diff or source read; C most of the commit message read; T only its title; P an excerpt of a mirrored page.
    """

    where: str
    tag: str
    what: str


@frozen
class Variant:
    """A named patch; ``sound`` ones are wasteful or cosmetic, and every checker must accept them."""

    name: str
    catalogue: str
    """The class of the catalogue, e.g. M07; a dash for a sound variant without one."""
    spec: type[Seed]
    summary: str
    sources: tuple[Source, ...] = ()
    sound: bool = False

    @property
    def replaces(self) -> str:
        """The function of the specification that the patch replaces."""
        [name] = [name for name, value in vars(self.spec).items() if callable(value)]
        return name
