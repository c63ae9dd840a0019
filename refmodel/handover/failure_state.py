"""What a machine whose parts may be lost knows of them."""

from enum import IntEnum
from typing import TypeVar

from attrs import frozen

from refmodel.language import State
from refmodel.state import Machine

__all__ = ["Container", "F", "Failed", "Knows", "WithFailures"]


class Knows(IntEnum):
    """What is known at the source of a target that was told to take the guest."""

    NOTHING = 0
    TAKEN = 1
    """It has the guest: it has said so, or it was found out."""
    NOT_TAKEN = 2
    """It has not started the guest and never will: it is fenced, or it died before."""


class Container(IntEnum):
    """The container for the guest at the target; each comes after the one before, if at all."""

    NONE = 0
    """Nothing has been reserved."""
    RESERVED = 1
    GONE = 2
    """It has been freed, or destroyed by a fence or with its host."""


@frozen(slots=False)
class Failed(State):
    """What has been lost, and what is known of the target."""

    wire: bool
    """Nothing is sent any more, or heard, by this migration."""
    source: bool
    """The source's host has died, with its memory."""
    target: bool
    """The target's host has died, with its memory."""
    knows: Knows


@frozen(slots=False)
class WithFailures(Machine):
    """The state of a machine whose parts may be lost."""

    failed: Failed
    container: Container
    """What this migration has reserved at its target."""


F = TypeVar("F", bound=WithFailures)
