"""The events of a QEMU trace log that are read (``qemu_trace``)."""

from attrs import frozen

__all__ = [
    "ClearDirty",
    "LoadComplete",
    "Loaded",
    "PacketSent",
    "PageSkipped",
    "Pending",
    "SavePage",
    "SectionEnd",
    "SectionStart",
    "StateSet",
    "SyncEnd",
    "SyncStart",
    "Traced",
    "Transferred",
    "VmState",
]


@frozen
class Traced:
    """What every event has: its line, from 1, and its time in microseconds."""

    line: int
    time: int


@frozen
class StateSet(Traced):
    """The migration's state: setup, active, completed, cancelling, cancelled, postcopy-active, failed, ..."""

    state: str


@frozen
class SyncStart(Traced):
    """The dirty bitmap begins to be harvested."""


@frozen
class SyncEnd(Traced):
    """It was harvested; `dirty` counts pages that were not queued yet, cumulative over about a second."""

    dirty: int


@frozen
class SectionStart(Traced):
    """A section begins."""

    name: str
    number: int


@frozen
class SectionEnd(Traced):
    """A section was written."""

    name: str
    number: int
    result: int


@frozen
class SavePage(Traced):
    """A page is about to be sent as PAGE or XBZRLE; `address` is inside the block, in bytes."""

    block: str
    address: int


@frozen
class PageSkipped(Traced):
    """The page of the `SavePage` before has the same bytes as when it was sent last: there is no record."""


@frozen
class ClearDirty(Traced):
    """The log of a chunk is cleared; `start` and `size` in bytes, `page` the pfn that is about to be sent."""

    block: str
    start: int
    size: int
    page: int


@frozen
class VmState(Traced):
    """The vCPUs run (1) or stand (0)."""

    running: int
    reason: int


@frozen
class Transferred(Traced):
    """So many bytes went out in the last `spent` milliseconds."""

    size: int
    spent: int


@frozen
class Pending(Traced):
    """So many bytes are still to be sent; with fewer than `most` the vCPUs may be stopped."""

    size: int
    most: int


@frozen
class PacketSent(Traced):
    """A multifd channel is about to send a packet with so many pages."""

    channel: int
    packet: int
    pages: int
    flags: int


@frozen
class Loaded(Traced):
    """At the destination: a record of one page was read; `address` is inside the block, in bytes."""

    block: str
    address: int
    flags: int


@frozen
class LoadComplete(Traced):
    """At the destination: the body of a RAM section was read."""

    code: int
