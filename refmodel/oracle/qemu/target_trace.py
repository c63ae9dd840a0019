"""The destination's trace beside the stream: every record that was given was loaded, and no other."""

from collections.abc import Iterator

from refmodel.oracle.qemu.matching import Matcher, Seen
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers import qemu_trace as trace
from refmodel.oracle.readers.errors import WrongCompanion
from refmodel.oracle.readers.qemu_records import PageKind

__all__ = ["TargetTrace"]

_RULE = "every-record-is-loaded"
_KINDS = (PageKind.PAGE, PageKind.ZERO, PageKind.XBZRLE, PageKind.ZLIB)


def _sections(events: Iterator[trace.Traced]) -> Iterator[list[tuple[str, int, int]]]:
    """What was loaded in each RAM section, START included; the last may not have been complete."""
    now: list[tuple[str, int, int]] = []
    for event in events:
        if isinstance(event, trace.Loaded):
            now.append((event.block, event.address // 4096, event.time))
        elif isinstance(event, trace.LoadComplete):
            yield now
            now = []


class TargetTrace:
    """Takes all RAM sections of the stream in order."""

    def __init__(self, name: str, events: Iterator[trace.Traced], notes: Notes) -> None:
        self._name = name
        self._notes = notes
        self._sections = _sections(events)
        self._matcher = Matcher(name, _KINDS)
        self._taken = 0
        self._short = False

    def section(self, seen: list[Seen]) -> None:
        """Match a section."""
        loaded = next(self._sections, None)
        if loaded is None:
            self._short = True
            return
        self._taken += 1
        copies = [Seen(record.page, record.before, record.number) for record in seen]
        self._matcher.section(copies, loaded)

    def finish(self, whole: bool) -> None:
        """The stream ended. Raises `WrongCompanion` where the trace is another run's."""
        expected = "the trace of this stream's own destination"
        if not self._taken and (whole or self._short):
            raise WrongCompanion(self._name, "no RAM section was loaded in this trace", expected)
        if whole and (self._short or next(self._sections, None) is not None):
            number = f"over {self._taken}" if not self._short else f"{self._taken}"
            raise WrongCompanion(
                self._name, f"{number} RAM sections were loaded, and the stream has another number", expected
            )
        if self._matcher.records and not self._matcher.traced:
            self._notes.cannot(_RULE, "no ram_load_loop is traced")
            return
        self._matcher.foreign()
        self._notes.check(_RULE, self._matcher.records)
        lost = "the destination loaded the page in this section, and was not given it"
        added = "the record was given, and the destination did not load it"
        notes = self._notes
        self._matcher.report(
            notes,
            lambda unmatched: notes.find(_RULE, lost, unmatched.page),
            lambda unmatched: notes.find(_RULE, added, unmatched.page, unmatched.last),
        )
