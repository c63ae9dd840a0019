"""The moments of a few pages' stories: a second pass over the source's trace and the stream, for these pages alone.

Memory goes with the pages asked for, the syncs and the RAM sections, never with the length of the stream.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress

from attrs import define, field, frozen

from refmodel.oracle.readers import qemu_trace as trace
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, UnusableInput
from refmodel.oracle.readers.qemu_records import EndOfSection, Page, PageKind, Record, SectionKind

__all__ = ["Moment", "Moments", "Place", "read_moments"]

Place = tuple[str, int]
"""A page: its RAM block, and its pfn there."""

_MOST_SENDS = 2000
_TRACED_KINDS = (PageKind.PAGE, PageKind.XBZRLE)


@frozen
class Moment:
    """Something that happened to a page, or to all; `time` in microseconds, None where the trace does not tell."""

    time: int | None
    kind: str
    """sync, send, lost (a send without its record), stray (a record without its send), skip, stop, or state."""
    text: str


@define
class Moments:
    """`common` to all pages, and each page's own."""

    begin: int = 0
    """When the migration was set up: the story's zero."""
    common: list[Moment] = field(factory=list)
    own: dict[Place, list[Moment]] = field(factory=dict)
    stop: int | None = None
    syncs: list[int] = field(factory=list)
    """When each sync began: a store before that must be in it."""


@define
class _Section:
    """A RAM section in the trace, PART or END."""

    start: int
    end: int
    sends: dict[Place, list[int]] = field(factory=dict)


def read_moments(
    places: Iterable[Place], opened: Callable[[], AbstractContextManager[ByteSource]], records: Iterable[Record]
) -> Moments:
    """Read the trace that `opened` opens, and `records`, the stream's; both were read before without complaint."""
    moments = Moments(own={place: [] for place in places})
    with opened() as source:
        sections = list(_read_trace(source, moments))
    with suppress(BrokenStream):
        _read_records(records, sections, moments)
    for section in sections:
        for place, times in section.sends.items():
            for time in times:
                _add(moments, place, Moment(time, "lost", "sent, says the trace; its record is not on the wire"))
    return moments


def _add(moments: Moments, place: Place, moment: Moment) -> None:
    """Note a moment of the page; of very many the first and the last."""
    own = moments.own[place]
    own.append(moment)
    if len(own) > _MOST_SENDS:
        del own[_MOST_SENDS // 4 : _MOST_SENDS * 3 // 4]


def _read_trace(source: ByteSource, moments: Moments) -> Iterator[_Section]:
    """The RAM sections with the sends of these pages; what is common to all pages goes to `moments`."""
    now: _Section | None = None
    last: Place | None = None
    ended = False
    began: int | None = None
    for event in trace.Trace(source).events():
        match event:
            case trace.StateSet(state="setup"):
                if moments.begin:
                    raise UnusableInput(source.name, 0, "several migrations", "one migration a trace")
                moments.begin = event.time
            case trace.StateSet(state="completed" | "cancelled" | "failed"):
                moments.common.append(Moment(event.time, "state", f"the migration is {event.state}"))
                ended = True
            case trace.VmState(running=0) if not ended:
                moments.stop = event.time
                moments.common.append(Moment(event.time, "stop", "the source's vCPUs stop"))
            case trace.VmState() if not ended and moments.begin:
                moments.stop = None
                moments.common.append(Moment(event.time, "stop", "the source's vCPUs run again"))
            case trace.SyncStart():
                began = event.time
            case trace.SyncEnd():
                time, began = began or event.time, None
                moments.syncs.append(time)
                text = f"bitmap sync {len(moments.syncs)} (dirty_pages {event.dirty})"
                moments.common.append(Moment(time, "sync", text))
            case trace.SectionStart(name="ram"):
                now = _Section(event.time, event.time)
            case trace.SectionEnd(name="ram") if now is not None:
                now.end = event.time
                yield now
                now = None
            case trace.SavePage() if now is not None:
                last = (event.block, event.address // 4096)
                if last in moments.own:
                    now.sends.setdefault(last, []).append(event.time)
            case trace.PageSkipped() if now is not None and last in moments.own:
                assert last is not None
                if now.sends.get(last):
                    now.sends[last].pop()
                    _add(moments, last, Moment(event.time, "skip", "not sent: the bytes are those sent last"))


def _read_records(records: Iterable[Record], sections: list[_Section], moments: Moments) -> None:
    """Give each record of these pages its time: its own send's, or else the end of its section."""
    traced = any(section.sends for section in sections)
    number = 0
    for record in records:
        if isinstance(record, EndOfSection):
            number += record.section is not SectionKind.START
            continue
        place = (record.block, record.pfn) if isinstance(record, Page) else None
        if not isinstance(record, Page) or place not in moments.own:
            continue
        assert place is not None
        section = sections[number] if number < len(sections) else None
        on = f" on channel {record.channel}" if record.channel is not None else ""
        text = f"sent as {record.kind.value} at {record.offset:#x}{on}: {record.digest}"
        times = section.sends.get(place) if section else None
        if times:
            _add(moments, place, Moment(times.pop(0), "send", text))
        elif traced and section is not None and record.kind in _TRACED_KINDS:
            _add(moments, place, Moment(section.end, "stray", f"{text}, of which the trace has no send"))
        else:
            _add(moments, place, Moment(section.end if section else None, "send", text))
