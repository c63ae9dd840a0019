"""Events of what a migration takes for itself, and has to give back where it is given up."""

from typing import TypeAlias

from attrs import frozen

__all__ = ["Configure", "Logging", "OfResidue", "Reserve"]


@frozen
class Logging:
    """For the migration stores begin to be logged at the source, or are logged no longer; ``kind``: whose they are."""

    active: bool
    kind: str = "vcpus"


@frozen
class Reserve:
    """The target sets memory aside for the guest (``active``), or no longer has it."""

    active: bool


@frozen
class Configure:
    """The guest's configuration goes to the target: the first of what is sent."""


OfResidue: TypeAlias = Logging | Reserve | Configure
"""The events of what is left if nobody gives it back."""
