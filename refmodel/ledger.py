"""Level A's state: what the guest stored last, what the target holds and is owed, and who has the guest."""

from attrs import fields, frozen

from refmodel.language import Cpu, Map, Pfn, Set, State, Value, Word
from refmodel.state import Table

__all__ = ["FLAGS", "Ledger", "Visible"]


@frozen(slots=False)
class Visible(State):
    """All that a guest can see of a machine."""

    memory: Map[tuple[Pfn, Word], Value]
    table: Table
    registers: Map[Cpu, Value]


@frozen(slots=False)
class Ledger(State):
    """Level A's state."""

    last: Visible
    """What the guest stored last, wherever it ran."""
    held: Visible
    """What the target holds."""
    owed: Set[Pfn]
    context_owed: bool
    """The guest's table and registers are owed."""
    source_runs: bool
    target_runs: bool
    given_up: bool
    """The source has given up its right to run."""
    source_kept: bool
    """The source still has the guest's image."""
    source_lost: bool
    """The source's host has died."""
    acknowledged: bool
    """It is known at the source that the target has the guest."""
    fenced: bool
    """The target will never run this guest: it was fenced, or has given it up, or its host died before it did."""
    images_at_source: bool
    """The guest's disk images are active there."""
    images_at_target: bool


FLAGS = tuple(field.name for field in fields(Ledger) if field.type is bool)
"""The fields that are true or false of the whole ledger."""
