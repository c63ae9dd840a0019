"""The parts that a machine may have: what each adds to the state, and what it takes the place of.

A part is a class whose steps and claims join the machine's; it refines what the rest of the machine asks (its hooks)
with ``super()``, so that parts that know nothing of each other go together.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from refmodel.language import Contract
from refmodel.logging.hypervisor_writes import HypervisorWrites, WithHypervisor
from refmodel.logging.protect_at_transfer import ProtectAtTransfer, WithProtection
from refmodel.logging.roots import ShadowedForMigration
from refmodel.state import Machine

__all__ = ["PARTS", "Part"]


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


_ALL = (
    Part(
        "hypervisor-writes",
        HypervisorWrites,
        Contract.LOGGING,
        "the hypervisor writes guest memory on the guest's behalf: write, then mark",
        WithHypervisor,
    ),
    Part(
        "shadowed-for-migration",
        ShadowedForMigration,
        Contract.LOGGING,
        "each CPU's root becomes the shadow's when a migration is set up",
        role="roots",
    ),
    Part(
        "protect-at-transfer",
        ProtectAtTransfer,
        Contract.LOGGING,
        "a page is made read-only when it is transferred",
        WithProtection,
        role="protection",
    ),
)

PARTS: Mapping[str, Part] = {part.name: part for part in _ALL}
"""By name. A part stands before those that it refines: of two that refine one thing the first has the last word."""
