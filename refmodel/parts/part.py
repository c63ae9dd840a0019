"""What a part of a machine is."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from refmodel.language import Contract
from refmodel.state import Machine

__all__ = ["Part"]


@frozen
class Part:
    """A part by name. Of two parts with one role a machine has the one that was chosen last."""

    name: str
    cls: type[Any]
    """Its steps, claims and refinements."""
    contract: Contract
    summary: str
    state: type[Machine] = Machine
    """The state of a machine that has just this part."""
    role: str = ""
    """What there must be one of, e.g. a protection; empty where there may be none or many."""
    needs: tuple[str, ...] = ()
    """Parts that it refines, which come with it."""
    sizes: Mapping[str, int] = field(factory=dict)
    """How many the search has of each sort that the part adds."""
