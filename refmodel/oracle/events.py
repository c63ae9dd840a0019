"""Events: what can be observed of a migration, one class each, and nothing else. Version 1 of the event format.

A page is named by its RAM block and its index in it (``pfn``, in pages). ``digest`` is any text that is equal for equal
page contents, e.g. the first 16 hex digits of the page's sha256. Events come in the order in which they happened.
"""

from typing import Literal

from attrs import frozen

__all__ = [
    "Abort",
    "Activate",
    "Begin",
    "Block",
    "Checkpoint",
    "Commit",
    "Discard",
    "Done",
    "Emit",
    "Event",
    "Memory",
    "OfCheckpoints",
    "Output",
    "Pause",
    "Release",
    "Resume",
    "Round",
    "Send",
    "Store",
    "Takeover",
    "Whole",
]

VERSION = 1

Side = Literal["source", "target"]


@frozen
class Block:
    """A RAM block and its length in pages."""

    name: str
    pages: int


@frozen
class Begin:
    """A migration begins: the memory that it must move. First event of every file.

    ``stores`` says whether *all* stores of the guest are among the events; only then does their order stand in for a
    comparison of contents.
    """

    version: int
    blocks: tuple[Block, ...]
    stores: Literal["all", "some"] = "some"


@frozen
class Store:
    """A store to a page by whoever runs there; ``digest`` is the page's content after it, where known."""

    block: str
    pfn: int
    digest: str | None = None
    side: Side = "source"


@frozen
class Release:
    """The guest gives a page up (balloon, free-page hint, memory removed): until it is stored to again nobody reads it.

    So it need not be sent. A store at the target that ends that is one to all of the page.
    """

    block: str
    pfn: int


@frozen
class Send:
    """A page's content goes to the target. ``offset`` is where its record stands in the stream, in bytes."""

    block: str
    pfn: int
    digest: str
    kind: str = "page"
    offset: int | None = None


@frozen
class Round:
    """The log is harvested: a new round begins."""


@frozen
class Pause:
    """The source's vCPUs stand still."""


@frozen
class Discard:
    """The switch to post-copy: the target drops ``pages`` pages from ``pfn`` on, which are then owed while it runs."""

    block: str
    pfn: int
    pages: int


@frozen
class Commit:
    """The source gives up its right to run; ``context``: registers and device state have travelled."""

    context: bool = True


@frozen
class Activate:
    """The guest runs at the target."""


@frozen
class Done:
    """Post-copy is complete: everything that was owed has been sent."""


@frozen
class Abort:
    """Given up: the guest runs on at the source."""


@frozen
class Memory:
    """What one side holds of a page: the source's once it stands still, the target's before it runs."""

    side: Side
    block: str
    pfn: int
    digest: str


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


OfCheckpoints = Checkpoint | Resume | Whole | Emit | Output | Takeover
"""The events of a guest that is checkpointed."""
Event = (
    Begin | Store | Release | Send | Round | Pause | Discard | Commit | Activate | Done | Abort | Memory | OfCheckpoints
)
