"""QEMU's names mapped to ours: from the records of a migration stream to events.

| QEMU | event |
| --- | --- |
| MEM_SIZE of the START section | begin |
| a record of a page, of any kind | send |
| the head of the END section, sent after the vCPUs stopped | pause |
| EOF, after the device sections | commit: registers and devices have travelled |
| the vmdescription, which ends the stream | activate: the destination may run |
| POSTCOPY_RAM_DISCARD | discard |
| PACKAGED, sent after the vCPUs stopped | pause and commit: its device sections are the registers and devices |
| POSTCOPY_RUN | activate, while pages are owed |
| EOF, after post-copy | done |
"""

from collections.abc import Iterable, Iterator

from refmodel.oracle.events import VERSION, Activate, Begin, Block, Commit, Discard, Done, Event, Memory, Pause, Send
from refmodel.oracle.readers import qemu_command_records as qemu_commands
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind
from refmodel.oracle.readers.qemu_records import BlockList, EndOfFile, Page, Record, Section, SectionKind, VmDescription

__all__ = ["PAGE_SIZE", "QemuEvents", "events_of"]

PAGE_SIZE = 4096


class QemuEvents:
    """Takes the records of a stream in order; tells ``memory`` of either side at the cutover where it can be known."""

    def __init__(self, memory: Iterable[Memory] = ()) -> None:
        self._known = list(memory)
        self._paused = self._switched = False

    def of(self, record: Record) -> Iterator[Event]:
        """The events that the record is. BrokenStream when it hands over and no stop-and-copy section came."""
        match record:
            case BlockList(blocks=blocks):
                yield Begin(VERSION, tuple(Block(block.name, block.length // PAGE_SIZE) for block in blocks))
            case Section(kind=SectionKind.END) if not self._paused:
                self._paused = True
                yield Pause()
            case Page():
                yield Send(record.block, record.pfn, record.digest, record.kind.value, record.offset)
            case qemu_commands.Discard(block=block, ranges=ranges):
                yield from (Discard(block, first, pages) for first, pages in ranges)
            case Command(kind=CommandKind.PACKAGED):
                self._paused = self._switched = True
                yield Pause()
                yield from (m for m in self._known if m.side == "source")
                yield Commit()
            case Command(kind=CommandKind.POSTCOPY_RUN):
                yield Activate()
            case EndOfFile() if self._switched:
                yield Done()
            case EndOfFile():
                if not self._paused:
                    raise BrokenStream(record.offset, "end of file", "a RAM section of kind END before it", "none")
                yield from (m for m in self._known if m.side == "source")
                yield Commit()
            case VmDescription():
                yield from (m for m in self._known if m.side == "target")
                yield Activate()


def events_of(records: Iterable[Record], memory: Iterable[Memory] = ()) -> Iterator[Event]:
    """The events of a stream. BrokenStream when the stream hands over without a stop-and-copy section."""
    mapped = QemuEvents(memory)
    for record in records:
        yield from mapped.of(record)
