"""What a machine has whose guest is paravirtual: its page tables hold machine frames' numbers, and are typed as tables.

A word's value is what the guest means by it: in a table, the number of a page of its own. What the frame holds there is
the number of the frame behind that page, which is another at the target. Everywhere else the two are the same.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Map, Pfn, Set, State, Value
from refmodel.rounds.deferred import WithDeferred

__all__ = ["P", "PageTypes", "TwoNames", "WithPvTables"]


@frozen(slots=False)
class TwoNames(State):
    """The tables between the two names of a page, as they show in what an entry holds. All constant."""

    p2m: Map[Value, Value]
    """From the number of a page to that of the frame behind it: the guest's own table."""
    m2p: Map[Value, Value]
    """The way back, as the hypervisor has it. The two may disagree: for a while, or for good."""
    behind: Map[Value, Value]
    """Ghost: the page that a frame is behind in truth."""
    their_p2m: Map[Value, Value]
    """The same at the target, whose frames are others."""
    their_m2p: Map[Value, Value]
    pages: Set[Value]
    """Numbers of pages that have a frame of their own on either side, and what names no page: the hypervisor lets a
    table hold nothing else."""


@frozen(slots=False)
class PageTypes(State):
    """Which pages are tables. Every table is pinned here: those that only another table holds are left out."""

    tables: Set[Pfn]
    """The source's."""
    asked: bool
    """The page in hand was a table when its type was asked for."""
    sent: Set[Pfn]
    """Pages that were tables by what was sent of them last."""
    pinned: Set[Pfn]
    """The target's: pages that it has pinned, at the end of the stream."""


@frozen(slots=False)
class WithPvTables(WithDeferred):
    """The state of a machine whose guest is paravirtual."""

    names: TwoNames
    types: PageTypes


P = TypeVar("P", bound=WithPvTables)
