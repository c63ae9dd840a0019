"""What parallel channels keep: the page that each was handed, and what of it has left and not arrived."""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Chan, Map, Pfn, Set, State, Value, Word
from refmodel.state import Machine

__all__ = ["C", "Channels", "WithChannels"]


@frozen(slots=False)
class Channels(State):
    """What each channel has been handed."""

    pages: Set[tuple[Chan, Pfn]]
    """The page that a channel has; means nothing once all its words have arrived."""
    queued: Set[tuple[Chan, Word]]
    """Words of it that have not left: they are in guest memory, and nowhere else."""
    flying: Set[tuple[Chan, Word]]
    """Words that have left, and not arrived."""
    value: Map[tuple[Chan, Word], Value]
    """What left."""
    turn: Chan
    """The channel for the next page."""
    after: Map[Chan, Chan]
    """Whose turn it is after each. Constant."""


@frozen(slots=False)
class WithChannels(Machine):
    """The state of a machine whose wire is several channels."""

    channels: Channels


C = TypeVar("C", bound=WithChannels)
