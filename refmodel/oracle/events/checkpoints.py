"""Events of a guest that is checkpointed."""

from typing import TypeAlias

from attrs import frozen

__all__ = ["Checkpoint", "Emit", "OfCheckpoints", "Output", "Resume", "Takeover", "Whole"]


@frozen
class Checkpoint:
    """A checkpoint is taken of the source, which stands still. What is sent of it counts once it is whole."""


@frozen
class Resume:
    """The source's vCPUs go on after a checkpoint was taken."""


@frozen
class Whole:
    """The target has all of the checkpoint that was taken last. A ``send`` after it is a page of it that is applied."""


@frozen
class Emit:
    """The guest sends something to the world, which is held back; ``packet`` is a name that no other has."""

    packet: str


@frozen
class Output:
    """What the guest sent is let out to the world."""

    packet: str


@frozen
class Takeover:
    """The source is gone: the guest goes on at the target from the last whole checkpoint.

    ``context``: with the registers and devices of that checkpoint.
    """

    context: bool = True


OfCheckpoints: TypeAlias = Checkpoint | Resume | Whole | Emit | Output | Takeover
"""The events of a guest that is checkpointed."""
