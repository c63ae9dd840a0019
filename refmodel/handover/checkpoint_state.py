"""What a machine with checkpoints knows of them: the epoch that is on its way, what is kept, what is held back."""

from enum import IntEnum
from typing import TypeVar

from attrs import frozen

from refmodel.language import Cpu, Map, Packet, Pfn, Set, State, Value, Word
from refmodel.logging.protect_at_harvest import WithClean
from refmodel.promise import Visible
from refmodel.state import Table

__all__ = ["Checkpoints", "Context", "Epoch", "K", "Output", "Snapshots", "WithCheckpoints"]


class Epoch(IntEnum):
    """How far the target is with the epoch that is sent to it."""

    OPEN = 0
    """Its pages are being sent, or none yet; should the source die, they count for nothing."""
    SENT = 1
    """A checkpoint has been taken: all of it has been handed over to be sent, and is on its way."""
    WHOLE = 2
    """The target has all of it, and applies it to its memory."""


@frozen(slots=False)
class Context(State):
    """What a guest needs to go on, apart from its memory."""

    table: Table
    registers: Map[Cpu, Value]


@frozen(slots=False)
class Checkpoints(State):
    """The stream of checkpoints."""

    exists: bool
    """The target has had a whole checkpoint: from now on what arrives is buffered."""
    epoch: Epoch
    acknowledged: bool
    """The source knows that the checkpoint that it took last is whole at the target."""
    taken_here: bool
    """The source stands still, and its checkpoint has been taken: it may go on."""
    buffered: Set[tuple[Pfn, Word]]
    """Words of the epoch that are on their way, or in the target's buffer."""
    buffer: Map[tuple[Pfn, Word], Value]
    kept: Context
    """The context of the last whole checkpoint, with which the target would start."""


@frozen(slots=False)
class Output(State):
    """What the guest sends to the world, and how far it has come."""

    fresh: Set[Packet]
    """Sent since the last checkpoint was taken."""
    taken: Set[Packet]
    """Sent in the epoch that ended with it."""
    free: Set[Packet]
    """Of earlier epochs: acknowledged, to be let out."""
    released: Set[Packet]
    """Let out."""
    covered: Set[Packet]
    """Ghost: sent before the last whole checkpoint was taken."""


@frozen(slots=False)
class Snapshots(State):
    """Ghost: what no step reads; the claims say by it what a checkpoint is."""

    taken: Visible
    """The guest when a checkpoint was taken last."""
    whole: Visible
    """The guest when the last checkpoint was taken that is whole."""


@frozen(slots=False)
class WithCheckpoints(WithClean):
    """The state of a machine that takes checkpoints."""

    checkpoints: Checkpoints
    output: Output
    snapshots: Snapshots


K = TypeVar("K", bound=WithCheckpoints)
