"""Events: what can be observed of a migration, one class each, and nothing else. Version 1 of the event format.

A page is named by its RAM block and its index in it (``pfn``, in pages). ``digest`` is any text that is equal for equal
page contents, e.g. the first 16 hex digits of the page's sha256. Events come in the order in which they happened.
"""

from typing import Literal

from attrs import frozen

from refmodel.oracle.events.checkpoints import Checkpoint, Emit, OfCheckpoints, Output, Resume, Takeover, Whole
from refmodel.oracle.events.hand_over import (
    Abort,
    Acknowledge,
    Activate,
    Commit,
    Destroy,
    Done,
    Fence,
    Images,
    Lost,
    OfHandOver,
    Pause,
)
from refmodel.oracle.events.pages import Discard, Memory, OfPages, Release, Send, Side, Store
from refmodel.oracle.events.residue import Configure, Logging, OfResidue, Reserve

__all__ = [
    "Abort",
    "Acknowledge",
    "Activate",
    "Begin",
    "Block",
    "Checkpoint",
    "Commit",
    "Configure",
    "Destroy",
    "Discard",
    "Done",
    "Emit",
    "Event",
    "Fence",
    "Images",
    "Logging",
    "Lost",
    "Memory",
    "OfCheckpoints",
    "OfHandOver",
    "OfPages",
    "OfResidue",
    "Output",
    "Pause",
    "Release",
    "Reserve",
    "Resume",
    "Round",
    "Send",
    "Side",
    "Store",
    "Takeover",
    "Whole",
]

VERSION = 1


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
class Round:
    """The log is harvested: a new round begins."""


Event = Begin | Round | OfPages | OfHandOver | OfCheckpoints | OfResidue
