"""What the source took up, and when: the sends of its trace, and the records that leave no event, section by section.

A record that leaves no event (a zero page, a page of a multifd channel) was taken up at some time of its section. One
that leaves its page as it was may also be a copy too many, which is harmless: nobody need have taken its page up. What
is traced and has no record was taken up all the same; that it is not on the wire is another rule's matter.
"""

from array import array
from collections.abc import Iterable, Iterator

from attrs import frozen

from refmodel.oracle.qemu.found import Doubt
from refmodel.oracle.qemu.matching import Seen
from refmodel.oracle.readers import qemu_trace as trace
from refmodel.oracle.readers.qemu_records import BlockList, MultifdFlush, PageKind, Record

__all__ = ["Block", "Cleared", "Moment", "Owed", "Stopped", "Synced", "Taken", "TakenUp"]

_MOST = 2_000_000
_WORDS = 64 * 4096
"""The log of a RAM block of whole words (64 pages each) is cleared when its pages are sent, of others at each sync."""


@frozen
class Block:
    """A RAM block: its first page among all pages, and how many it has."""

    name: str
    first: int
    pages: int
    puts_off: bool
    """Its log is cleared chunk by chunk when pages are about to be sent."""


@frozen
class Synced:
    """A sync ended, with so many pages counted so far; `number` from 0."""

    number: int


@frozen
class Cleared:
    """The log of a chunk of a block was cleared: its number in the block, and the pages that a chunk has."""

    block: Block
    number: int
    pages: int


@frozen
class Taken:
    """A page was taken up."""

    page: int
    doubt: Doubt


@frozen
class Owed:
    """So many bytes are owed, says the source; with fewer than `most` it may stop."""

    size: int
    most: int


@frozen
class Stopped:
    """The vCPUs stopped for the hand-over."""


Moment = Synced | Cleared | Taken | Owed | Stopped


class TakenUp:
    """Takes the RAM sections of the stream, PART and END, in order; then tells them together with the trace."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.pages = 0
        self.why: str | None = None
        """Why it cannot be told."""
        self.shared = False
        """What is pending is not of RAM alone."""
        self._sections: list[array[int]] = []
        self._size = 0

    def cannot(self, why: str) -> None:
        """It cannot be told, for this reason; the first counts."""
        self.why = self.why or why

    def take(self, record: Record) -> None:
        """Take note of a record of the stream that is no page."""
        match record:
            case BlockList():
                for block in record.blocks:
                    pages = block.length // 4096
                    self.blocks[block.name] = Block(block.name, self.pages, pages, block.length % _WORDS == 0)
                    self.pages += pages
            case MultifdFlush():
                self.cannot("pages of multifd channels that are flushed once a round: which sync they came after")

    def place(self, page: int) -> tuple[str, int]:
        """The block of a page, and its pfn there."""
        block = next(block for block in self.blocks.values() if block.first <= page < block.first + block.pages)
        return block.name, page - block.first

    def section(self, seen: Iterable[Seen]) -> None:
        """A section's records, once those that were traced have their times."""
        left = array("Q")
        for record in seen:
            page = record.page
            if page.kind is PageKind.ZLIB:
                self.cannot("COMPRESS records, whose pages were taken up in some section before")
            if record.time is None:
                left.append((self.blocks[page.block].first + page.pfn) << 1 | record.changes)
        self._size += len(left)
        if self._size > _MOST:
            self.cannot(f"over {_MOST} records that leave no event")
            return
        self._sections.append(left)

    def moments(self, events: Iterable[trace.Traced], stop: int | None) -> Iterator[Moment]:
        """What happened, in order, as far as the stream goes.

        `events` are those of the source's trace, in which the vCPUs stopped for the hand-over at `stop`.
        """
        sections, syncs, other = iter(self._sections), 0, False
        now: array[int] | None = None
        sent = 0
        for event in events:
            match event:
                case trace.SectionStart(name="ram"):
                    now, sent = next(sections, None), 0
                    self.shared |= other
                    if now is None:
                        return
                case trace.SectionStart():
                    other = True
                case trace.SectionEnd(name="ram") if now is not None:
                    yield from (Taken(entry >> 1, Doubt.CHANGED if entry & 1 else Doubt.UNCHANGED) for entry in now)
                    now = None
                case trace.SavePage() if now is not None and event.block in self.blocks:
                    block, pfn = self.blocks[event.block], event.address // 4096
                    if pfn >= block.pages:
                        self.cannot(f"{event.block} has {block.pages} pages, and its page {pfn} is traced")
                        return
                    sent += 1
                    yield Taken(block.first + pfn, Doubt.TRACED)
                case trace.SyncEnd():
                    if now and sent:
                        self.cannot("a sync came inside a section, some records of which leave no event")
                    yield Synced(syncs)
                    syncs += 1
                case trace.ClearDirty() if event.block in self.blocks:
                    block, pfn, pages = self.blocks[event.block], event.start // 4096, max(event.size // 4096, 1)
                    if pfn >= block.pages:
                        self.cannot(f"{event.block} has {block.pages} pages, and the log of its page {pfn} is cleared")
                        return
                    yield Cleared(block, pfn // pages, pages)
                case trace.Pending():
                    yield Owed(event.size, event.most)
                case trace.VmState(running=0) if event.time == stop:
                    yield Stopped()
