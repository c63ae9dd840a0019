"""What an assumption is."""

from attrs import frozen

from refmodel.catalogue.classes import Source

__all__ = ["Assumption"]


@frozen
class Assumption:
    """Something that the proofs take for granted."""

    name: str
    means: str
    relied_on: tuple[Source, ...] = ()
    goes_with: tuple[str, ...] = ()
    """Parts of a machine that do away with it: what it takes for granted is a step of theirs."""
    comes_with: tuple[str, ...] = ()
    """Parts that bring it: a machine without them takes nothing of the kind for granted. Empty: every machine does."""
