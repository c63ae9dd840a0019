"""The source's trace beside the stream, section by section: each send has its record, each record its time."""

from collections.abc import Iterator

from attrs import define, field

from refmodel.oracle.qemu.facts import Facts
from refmodel.oracle.qemu.matching import Matcher, Seen
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers import qemu_trace as trace
from refmodel.oracle.readers.errors import WrongCompanion
from refmodel.oracle.readers.qemu_records import PageKind

__all__ = ["SourceTrace"]

_SEND, _RECORD, _PACKETS = "a-traced-send-is-on-the-wire", "a-record-was-sent", "packets-are-as-traced"
_NEAR = 64 * 1024
"""How many bytes a section may end from where the source counted it, in a stream to which something was done."""


@define
class _Section:
    """A RAM section as traced; times in microseconds."""

    end: int
    sends: list[tuple[str, int, int]] = field(factory=list)
    skips: list[tuple[str, int, int]] = field(factory=list)


def _sections(events: Iterator[trace.Traced]) -> Iterator[_Section]:
    """The RAM sections of a trace, one at a time."""
    now: _Section | None = None
    for event in events:
        match event:
            case trace.SectionStart(name="ram"):
                now = _Section(event.time)
            case trace.SavePage() if now is not None:
                now.sends.append((event.block, event.address // 4096, event.time))
            case trace.PageSkipped() if now is not None and now.sends:
                block, pfn, _ = now.sends.pop()
                now.skips.append((block, pfn, event.time))
            case trace.SectionEnd(name="ram") if now is not None:
                now.end = event.time
                yield now
                now = None


class SourceTrace:
    """Takes the RAM sections of the stream, PART and END, in order; `facts` are of the same trace as `events`."""

    def __init__(self, facts: Facts, events: Iterator[trace.Traced], notes: Notes) -> None:
        self._facts = facts
        self._notes = notes
        self._sections = _sections(events)
        self._matcher = Matcher(facts.name, (PageKind.PAGE, PageKind.XBZRLE))
        self._packets: dict[tuple[int, int], int] = {}
        self._untraced = False
        self._disturbed = False
        self.sections = 0
        self.skips: list[tuple[str, int, int]] = []
        """Pages of the section before that were found to have the same bytes still, with the time."""

    def section(self, seen: list[Seen], offset: int) -> int | None:
        """Match a section that ends at `offset` of the stream; return its end in microseconds.

        Every record that was traced has its time afterwards. None where the trace has no such section. Raises
        `WrongCompanion` where the trace is another run's.
        """
        traced = next(self._sections, None)
        self.skips = []
        for record in seen:
            if record.page.channel is not None and record.page.packet is not None:
                key = (record.page.channel, record.page.packet)
                self._packets[key] = self._packets.get(key, 0) + 1
            self._untraced |= record.page.kind is PageKind.ZLIB
        if traced is None:
            what = f"{self.sections} RAM sections are traced, and the stream has more"
            raise WrongCompanion(self._facts.name, what, "the trace of this stream's own migration")
        self.sections += 1
        self.skips = traced.skips
        before = self._matcher.missing + self._matcher.extra
        self._matcher.section(seen, traced.sends)
        self._disturbed |= self._matcher.missing + self._matcher.extra != before
        if not self._disturbed:
            self._compare_bytes(offset)
        return traced.end

    def _compare_bytes(self, offset: int) -> None:
        """As long as all pages are as traced, the source's own count of bytes is near; a few may have been lost."""
        if self._facts.packets:
            return  # counted with the channels' bytes
        for sections, out in self._facts.boundaries:
            if sections == self.sections and abs(out - offset) > _NEAR:
                what = f"the source had sent {out} bytes after {sections} RAM sections, and the stream has {offset}"
                raise WrongCompanion(self._facts.name, what, "the trace of this stream's own migration")

    def finish(self, whole: bool, devices: list[tuple[str, int]]) -> None:
        """The stream ended; `whole` with its end marker, after these `devices` (name, section id)."""
        facts, notes = self._facts, self._notes
        if whole and self.sections != facts.ram_sections:
            what = f"{facts.ram_sections} RAM sections are traced, and the stream has {self.sections}"
            raise WrongCompanion(facts.name, what, "the trace of this stream's own migration")
        if whole and facts.devices and facts.devices != devices:
            what = f"{len(facts.devices)} device sections are traced, and the stream's {len(devices)} are others"
            raise WrongCompanion(facts.name, what, "the trace of this stream's own migration")
        self._finish_packets(whole)
        if self._untraced:
            why = "the stream has COMPRESS records, whose pages leave no event"
            notes.cannot(_SEND, why)
            notes.cannot(_RECORD, why)
            return
        if facts.sends:
            self._matcher.foreign()
            notes.check(_SEND, self._matcher.traced)
            notes.check(_RECORD, self._matcher.records)
            lost = "the source sent the page in this section, and its record is not on the wire"
            added = "the record is on the wire, and the source did not send the page in this section"
            self._matcher.report(
                notes,
                lambda unmatched: notes.find(_SEND, lost, unmatched.page),
                lambda unmatched: notes.find(_RECORD, added, unmatched.page, unmatched.last),
            )
        elif self._matcher.records:
            if facts.packets:
                what = f"{len(facts.packets)} multifd packets are traced and no page of the main channel"
                expected = f"the trace of this stream's {self._matcher.records} pages on the main channel"
                raise WrongCompanion(facts.name, what, expected)
            notes.cannot(_SEND, "no ram_save_page is traced")
            notes.cannot(_RECORD, "no ram_save_page is traced")

    def _finish_packets(self, whole: bool) -> None:
        traced, found = self._facts.packets, self._packets
        if not found:
            if traced and not self._matcher.records:
                self._notes.cannot(_PACKETS, "the multifd channels are not read")
            return
        if not traced:
            if self._facts.sends:
                what = f"{self._facts.sends} pages of the main channel are traced and no multifd packet"
                raise WrongCompanion(self._facts.name, what, "the trace of a migration with multifd channels")
            self._notes.cannot(_PACKETS, "no multifd_send is traced")
            return
        keys = traced.keys() | found.keys() if whole else found.keys()
        other = sorted(key for key in keys if traced.get(key, 0) != found.get(key, 0))
        if len(other) * 2 > len(keys):
            what = f"of {len(keys)} multifd packets {len(other)} carry another number of pages than is traced"
            raise WrongCompanion(self._facts.name, what, "the trace of this stream's own migration")
        self._notes.check(_PACKETS, len(keys))
        for channel, packet in other:
            pages = f"{traced.get((channel, packet), 0)} traced pages, {found.get((channel, packet), 0)} on the wire"
            self._notes.find(_PACKETS, f"packet {packet} of channel {channel}: {pages}")
