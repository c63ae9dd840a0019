"""QEMU's own trace log, as its `log` backend writes it: lines ``TID@SEC.USEC:event args``.

Times are CLOCK_REALTIME in microseconds. Events that are not of `EVENTS` are counted by name in `Trace.others`. The
formats of the arguments are those of QEMU 7.2's trace-events files; what an event says beyond its known arguments is
not read, as later versions append to some.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import fields

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BadLine, WrongCompanion
from refmodel.oracle.readers.qemu_lines import text_lines
from refmodel.oracle.readers.qemu_traced import (
    ClearDirty,
    LoadComplete,
    Loaded,
    PacketSent,
    PageSkipped,
    Pending,
    SavePage,
    SectionEnd,
    SectionStart,
    StateSet,
    SyncEnd,
    SyncStart,
    Traced,
    Transferred,
    VmState,
)

__all__ = [
    "BACK",
    "EVENTS",
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
    "Trace",
    "Traced",
    "Transferred",
    "VmState",
]

BACK = 100_000
"""How far in microseconds a line may be dated before an earlier one: threads write in no strict order."""

_HEAD = re.compile(r"(\d{1,10})@(\d{1,12})\.(\d{6}):(\w+)(?: (.*))?")

_NUMBER, _HEX, _SIGNED = r"(\d{1,20})", r"0x([0-9a-f]{1,16})", r"(-?\d{1,10})"
EVENTS: dict[str, tuple[type[Traced], re.Pattern[str]]] = {
    name: (cls, re.compile(form))
    for name, cls, form in (
        ("migrate_set_state", StateSet, r"new state ([\w-]+)"),
        ("migration_bitmap_sync_start", SyncStart, r""),
        ("migration_bitmap_sync_end", SyncEnd, rf"dirty_pages {_NUMBER}"),
        ("savevm_section_start", SectionStart, rf"(.{{1,255}}), section_id {_NUMBER}"),
        ("savevm_section_end", SectionEnd, rf"(.{{1,255}}), section_id {_NUMBER} -> {_SIGNED}"),
        ("ram_save_page", SavePage, rf"(.{{1,255}}): offset: {_HEX}"),
        ("save_xbzrle_page_skipping", PageSkipped, r""),
        ("migration_bitmap_clear_dirty", ClearDirty, rf"rb (.{{1,255}}) start {_HEX} size {_HEX} page {_HEX}"),
        ("vm_state_notify", VmState, rf"running {_NUMBER} reason {_NUMBER}"),
        ("migrate_pending", Pending, rf"pending size {_NUMBER} max {_NUMBER}"),
        ("migrate_transferred", Transferred, rf"transferred {_NUMBER} time_spent {_NUMBER}"),
        (
            "multifd_send",
            PacketSent,
            rf"channel {_NUMBER} packet_num {_NUMBER} normal pages {_NUMBER} flags {_HEX}",
        ),
        ("ram_load_loop", Loaded, rf"(.{{1,255}}): addr: {_HEX} flags: {_HEX}"),
        ("ram_load_complete", LoadComplete, rf"exit_code {_SIGNED}"),
    )
}
"""The events that are read, by name: the class, and the form of the arguments."""

_FIELDS = {cls: tuple(field.type for field in fields(cls))[2:] for cls, _ in EVENTS.values()}


class Trace:
    """Reads a trace forward; `others` counts the events that are not of `EVENTS`."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.others: Counter[str] = Counter()

    def events(self) -> Iterator[Traced]:
        """Yield the events of `EVENTS`, in order.

        Raises `BadLine` for a line of another form, `WrongCompanion` where the clock jumps back by more than `BACK`.
        """
        latest = 0
        for number, text in text_lines(self._source):
            head = _HEAD.fullmatch(text)
            if head is None:
                raise BadLine(self._source.name, number, f"{text[:60]!r}", "TID@SEC.USEC:event args")
            time = int(head[2]) * 1_000_000 + int(head[3])
            if time < latest - BACK:
                what = f"line {number}: the clock jumps back by {(latest - time) / 1e6:.3f} s"
                raise WrongCompanion(self._source.name, what, "one run of one clock")
            latest = max(latest, time)
            known = EVENTS.get(head[4])
            if known is None:
                if len(self.others) < 10_000 or head[4] in self.others:
                    self.others[head[4]] += 1
                continue
            cls, form = known
            found = form.match(head[5] or "")
            if found is None:
                raise BadLine(self._source.name, number, f"{text[:90]!r}", f"{head[4]} {form.pattern}")
            yield cls(number, time, *_values(cls, form, found))


def _values(cls: type[Traced], form: re.Pattern[str], found: re.Match[str]) -> Iterator[Any]:
    hexadecimal = [part.startswith("0x") for part in re.findall(r"(?:0x)?\((?!\?)", form.pattern)]
    for kind, text, base in zip(_FIELDS[cls], found.groups(), hexadecimal, strict=True):
        yield int(text, 16 if base else 10) if kind is int else text
