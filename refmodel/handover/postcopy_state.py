"""What post-copy keeps: the pages that the target waits for, where each of them is, and who has asked for it."""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.failure_state import WithFailures
from refmodel.language import Pfn, Set, State, Word

__all__ = ["PostCopied", "WithPostCopy", "X"]


@frozen(slots=False)
class PostCopied(State):
    """Both sides' books from the switch on. What the source has yet to send is ``rounds.to_send``, as before it."""

    switched: bool
    """The target drops what is owed: the migration is committed with that, and goes on as post-copy to its end."""
    told: Set[Pfn]
    """Pages that the target has been told to drop, and has not dropped yet."""
    awaited: Set[Pfn]
    """The target's: pages that it drops at the switch, and has not got back. What is not in it is received."""
    waiting: Set[Pfn]
    """The target's: awaited pages that some access of the guest's waits for."""
    requested: Set[Pfn]
    """The source's: pages that the target has asked for."""
    on_wire: Set[Pfn]
    """Pages that were sent and have not reached the target: lost with the wire."""
    queue: Set[Pfn]
    """The target's: pages that have come off the wire, which loses them no more, and are yet to be put in place."""
    filled: Set[tuple[Pfn, Word]]
    """The target's: words of them that have been copied to where the page is put together."""


@frozen(slots=False)
class WithPostCopy(WithFailures):
    """The state of a machine that may switch to post-copy."""

    postcopy: PostCopied


X = TypeVar("X", bound=WithPostCopy)
