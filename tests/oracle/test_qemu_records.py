"""Commands, post-copy and flush records: round trips, and each refusal by its reason."""

import struct
import tracemalloc

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from refmodel.oracle.readers.errors import EarlyEnd, NotReadYet, ReaderError, UnusableInput
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind, Discard, PackagedDevices
from refmodel.oracle.readers.qemu_events import events_of
from refmodel.oracle.readers.qemu_records import (
    EndOfFile,
    EndOfSection,
    Footer,
    MultifdFlush,
    Page,
    PageKind,
    Record,
    Section,
    SectionKind,
)
from refmodel.oracle.readers.qemu_wire import digest

from .deltas import DELTA, NEW, OLD, broken, stream
from .qemu_writer import RAM_ID, Sent, command, discard, encode, encode_all, laid_out, u32, u64
from .small_stream import parse

PING = Command(0, 0, CommandKind.PING, (1,))
ADVISE = Command(0, 0, CommandKind.POSTCOPY_ADVISE, (4096, 4096))
DEVICES = b"\x04" + u32(9) + b"\1d" + u32(0) + u32(1) + b"state" + b"\x7e" + u32(9)


def package(*, ping: bool = True, devices: bytes = DEVICES) -> list[Record]:
    nested: list[Record] = [
        Command(0, 0, CommandKind.POSTCOPY_LISTEN),
        PackagedDevices(0, 0, digest(devices), devices),
        *([Command(0, 0, CommandKind.PING, (3,))] if ping else []),
        Command(0, 0, CommandKind.POSTCOPY_RUN),
    ]
    return [Command(0, 0, CommandKind.PACKAGED, (sum(len(encode(record)) for record in nested),)), *nested]


def page(pfn: int, content: bytes | int, ordinal: int, kind: SectionKind, continued: bool = False) -> Page:
    data = bytes([content]) * 4096 if isinstance(content, int) else content
    fill = content if isinstance(content, int) else None
    how = PageKind.PAGE if fill is None else PageKind.ZERO
    return Page(0, 0, kind, ordinal, RAM_ID, "r", pfn, how, continued, digest(data), fill, data)


def section(kind: SectionKind, ordinal: int, *pages: Record) -> list[Record]:
    head = Section(0, 0, kind, ordinal, RAM_ID, "ram", 0, 4)
    return [head, *pages, EndOfSection(0, 0, kind, ordinal), Footer(0, 0, RAM_ID)]


def switch(*after: int, discards: tuple[tuple[int, int], ...] = ((1, 2),), ping: bool = True) -> list[Record]:
    """A migration that switches to post-copy: pages 0 to 3 are sent, some discarded, `after` sent by the target."""
    start = stream()
    at = next(n for n, record in enumerate(start) if isinstance(record, Section))
    end = [n for n, record in enumerate(start) if isinstance(record, Section)][1]
    pages = [page(pfn, pfn, 1, SectionKind.PART, pfn > 0) for pfn in range(4)]
    part, last = SectionKind.PART, SectionKind.END
    return laid_out(
        [
            *start[:at],
            Command(0, 0, CommandKind.OPEN_RETURN_PATH),
            PING,
            ADVISE,
            *start[at:end],
            *section(part, 1, *pages),
            Discard(0, 0, "r", discards),
            PING,
            *package(ping=ping),
            PING,
            *section(part, 2, *(page(pfn, OLD, 2, part, True) for pfn in after[:-1])),
            *section(last, 3, *(page(pfn, OLD, 3, last, True) for pfn in after[-1:])),
            EndOfFile(0, 0),
        ]
    )


@pytest.mark.parametrize("ping", [True, False])
def test_a_switch_to_postcopy_is_read_record_by_record(ping: bool) -> None:
    records = switch(1, 2, ping=ping)
    assert parse(encode_all(records)) == records
    assert laid_out(parse(encode_all(records))) == records


def test_a_postcopy_stream_cut_at_any_offset_is_refused() -> None:
    data = encode_all(switch(1, 2))
    for end in range(4, len(data)):
        with pytest.raises((EarlyEnd, NotReadYet) if end < 40 else EarlyEnd):
            parse(data[:end])


def test_nothing_follows_the_eof_of_postcopy() -> None:
    assert "the end of the stream after post-copy" in broken(encode_all(switch(1)) + b"\6").expected


def test_no_device_section_follows_the_ram_in_postcopy() -> None:
    assert broken(encode_all(switch(1))[:-1] + DEVICES + b"\0").found == "type 04"


def test_no_delta_is_sent_after_the_switch() -> None:
    records = switch(1)
    delta = evolve(page(1, NEW, 2, SectionKind.PART, True), kind=PageKind.XBZRLE, payload=DELTA)
    records.insert(-4, delta)
    assert broken(encode_all(records)).expected == "whole pages after the switch to post-copy"


def test_events_tell_of_what_was_dropped_and_when_the_target_runs() -> None:
    kinds = [type(event).__name__ for event in events_of(parse(encode_all(switch(1))))]
    assert kinds.index("Discard") < kinds.index("Pause") < kinds.index("Commit") < kinds.index("Activate")
    assert kinds[-1] == "Done"


def between(data: bytes, advised: bool = True) -> bytes:
    """A stream with `data` between two RAM sections."""
    records = stream()
    first, second = [record.offset for record in records if isinstance(record, Section)][:2]
    whole = encode_all(records)
    return whole[:first] + (encode(ADVISE) if advised else b"") + whole[first:second] + data + whole[second:]


def test_the_switch_over_command_of_qemu_10_is_read() -> None:
    records = parse(between(command(11, b"")))
    assert [record.kind for record in records if isinstance(record, Command)][1] is CommandKind.SWITCHOVER_START


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (command(1, b""), "one of PING, SWITCHOVER_START, POSTCOPY_RAM_DISCARD, PACKAGED"),
        (command(4, b""), "one of PING, SWITCHOVER_START, POSTCOPY_RAM_DISCARD, PACKAGED"),
        (command(2, b"123"), "4 bytes of data"),
        (command(99, b""), "a command of QEMU 7.2 to 10.0"),
        (command(6, b""), "a name and whole ranges"),
        (discard("r", []), "a name and whole ranges"),
        (discard("r", [(0, 4096)], version=1), "version 0, and NUL after the name"),
        (discard("r", [(0, 4096)], after=b"x"), "version 0, and NUL after the name"),
        (discard("q", [(0, 4096)]), "a RAM block of the block list"),
        (discard("r", [(1, 4096)]), "the address of a page of 4096 bytes"),
        (discard("r", [(4 * 4096, 4096)]), "an address inside r of 16384 bytes"),
        (discard("r", [(0, 0)]), "whole pages inside r"),
        (discard("r", [(4096, 4 * 4096)]), "whole pages inside r"),
        (discard("r", [(0, 1 << 63)]), "whole pages inside r"),
    ],
)
def test_a_command_that_is_none_is_refused(data: bytes, expected: str) -> None:
    assert broken(between(data)).expected == expected


@pytest.mark.parametrize("data", [discard("r", [(0, 4096)]), command(7, u32(9))])
def test_a_switch_without_advice_is_refused(data: bytes) -> None:
    assert broken(between(data, advised=False)).expected == "POSTCOPY_ADVISE before the RAM"


@pytest.mark.parametrize(("number", "name"), [(8, "ENABLE_COLO"), (9, "POSTCOPY_RESUME"), (10, "RECV_BITMAP")])
def test_a_command_that_is_not_read_is_named(number: int, name: str) -> None:
    with pytest.raises(NotReadYet, match=f"command {name}"):
        parse(between(command(number, b"")))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "post-copy of disks alone"),
        (struct.pack(">QQ", 4096 | 2 << 20, 4096), "post-copy with pages of 2101248 and 4096 bytes"),
    ],
)
def test_advice_of_another_postcopy_is_not_read(data: bytes, what: str) -> None:
    records = stream()
    at = next(record.offset for record in records if isinstance(record, Section))
    whole = encode_all(records)
    with pytest.raises(NotReadYet, match=what):
        parse(whole[:at] + command(3, data) + whole[at:])


def test_a_second_advice_is_refused() -> None:
    data = between(b"")
    at = data.index(encode(ADVISE))
    assert broken(data[:at] + encode(ADVISE) + data[at:]).found == "a second one"


@pytest.mark.parametrize(
    "inside", [b"", b"\x08\0\4\0\0", b"\x08\0\4\0\0" + b"\x08\0\5\0\0", b"\x08\0\4\0\0" + DEVICES[1:] + b"\x08\0\5\0\0"]
)
def test_a_package_of_another_order_is_not_read(inside: bytes) -> None:
    with pytest.raises(NotReadYet, match="a package of another"):
        parse(between(command(7, u32(len(inside))) + inside))


def test_a_package_over_the_limit_is_unusable() -> None:
    with pytest.raises(UnusableInput, match="a package of 4294967295 bytes"):
        parse(between(command(7, u32(0xFFFFFFFF))))


def test_a_flush_record_is_read() -> None:
    records = stream()
    at = next(n for n, record in enumerate(records) if isinstance(record, EndOfSection))
    records.insert(at, MultifdFlush(0, 0, SectionKind.START, 0))
    records = laid_out(records)
    assert parse(encode_all(records)) == records


def test_a_flush_record_with_an_address_is_refused() -> None:
    records = stream()
    at = next(record.offset for record in records if isinstance(record, EndOfSection))
    data = encode_all(records)
    assert broken(data[:at] + u64(0x1200) + data[at:]).record == "MULTIFD_FLUSH"


SEEDS = [
    encode_all(switch(1, 2)),
    encode_all(stream(Sent("r", 0, NEW, delta=DELTA), Sent("r", 2, OLD, packed=True))),
]
OFFSETS = [[record.offset for record in parse(seed)] for seed in SEEDS]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_damaged_stream_ends_in_records_or_a_reader_error(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(SEEDS) - 1))
    damaged = bytearray(SEEDS[which])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(OFFSETS[which])) + data.draw(st.integers(0, 40))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        records = parse(bytes(damaged))
    except ReaderError:
        return
    assert encode_all(records) == damaged


def test_a_hostile_description_stays_small() -> None:
    records = stream()
    text = b'{"page_size":4096,"devices":[' + b"[]," * ((1 << 21) // 3 - 20) + b"[]]}"
    tail = b"\6" + u32(len(text)) + text
    tracemalloc.start()
    try:
        assert broken(encode_all(records[:-1]) + tail).record == "vmdescription"
        assert tracemalloc.get_traced_memory()[1] < 256 * 1024 * 1024
    finally:
        tracemalloc.stop()
