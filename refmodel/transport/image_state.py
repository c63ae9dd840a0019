"""The image at hand, and what the target holds: the state of a machine that writes images."""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Count, Map, Pfn, Set, State, Value, Word
from refmodel.state import Machine

__all__ = ["I", "Images", "WithImages"]


@frozen(slots=False)
class Images(State):
    """The image at hand, and what the target has restored."""

    full: bool
    """It has every page, and needs no parent."""
    closed: bool
    """All of it has been written: it is being restored."""
    written: Set[tuple[Pfn, Word]]
    """Words that it has, and that have not been restored."""
    content: Map[tuple[Pfn, Word], Value]
    parent: Count
    """The number of the last image that was restored, as the source knows it. Counts up; 0 for none."""
    restored: Count
    """The number of the image that the target holds; 0 for one that is not of this chain."""
    foreign: Set[tuple[Pfn, Word]]
    """Words at the target that are another image's."""


@frozen(slots=False)
class WithImages(Machine):
    """The state of a machine that writes images."""

    images: Images


I = TypeVar("I", bound=WithImages)  # noqa: E741
