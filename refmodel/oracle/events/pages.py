"""Events of pages: stores, what is sent, what either side holds."""

from typing import Literal, TypeAlias

from attrs import frozen

__all__ = ["Discard", "Memory", "OfPages", "Release", "Send", "Side", "Store"]

Side: TypeAlias = Literal["source", "target"]


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
class Memory:
    """What one side holds of a page: the source's once it stands still, the target's before it runs."""

    side: Side
    block: str
    pfn: int
    digest: str


@frozen
class Discard:
    """The switch to post-copy: the target drops ``pages`` pages from ``pfn`` on, which are then owed while it runs."""

    block: str
    pfn: int
    pages: int


OfPages: TypeAlias = Store | Release | Send | Memory | Discard
"""The events of a page, or of a range of them."""
