"""What a part says of the search."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from refmodel.language import Action
from refmodel.search.dead import Rule

__all__ = ["PartSpace"]


@frozen
class PartSpace:
    """A part's say in where a machine with it is searched; every bound with its reason."""

    dead: tuple[Rule, ...] = ()
    """What of the part's own state nothing can see any more."""
    alive: frozenset[str] = frozenset()
    """Leaves that the part looks at where a machine without it would not: no other's rule that touches one is used."""
    renamed: tuple[str, ...] = ()
    """Sorts of the part up to whose names states are one."""
    left_out: frozenset[str] = frozenset()
    """Steps that are not taken."""
    taken: frozenset[str] = frozenset()
    """Steps that are taken, though a machine without the part need not take them."""
    prelude: tuple[Action, ...] | None = None
    """The actions that come first, in place of ``begin`` alone; None for no say in it."""
    goes_on_after_abort: Callable[[Any], bool] = lambda m: False
    """From this state, which an abort led to, something more is reached that is claimed."""
    sizes: Mapping[str, int] = field(factory=dict)
    """How many of a sort the machines need at least, however small they are otherwise."""
