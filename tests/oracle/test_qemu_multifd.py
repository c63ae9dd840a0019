"""Multifd channels: merged at the sync points, ordered by packet number; each refusal by its reason."""

import io
import struct
from itertools import permutations

import pytest
from attrs import evolve

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet, UnusableInput, WrongCompanion
from refmodel.oracle.readers.qemu_records import (
    Configuration,
    EndOfSection,
    MultifdFlush,
    Page,
    PageKind,
    Record,
    SectionKind,
)
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_wire import digest

from .qemu_writer import Sent, build, encode_all, laid_out

SYNC = 1


def start(number: int, uuid: bytes = bytes(16), magic: int = 0x11223344, version: int = 1) -> bytes:
    return struct.pack(">II16sB39x", magic, version, uuid, number)


def packet(
    number: int,
    *pages: tuple[int, bytes],
    flags: int = 0,
    magic: int = 0x11223344,
    alloc: int = 128,
    normal: int | None = None,
    size: int | None = None,
    pad: bytes = b"",
    block: bytes = b"r",
) -> bytes:
    """A packet; `pages` are pfn and content."""
    offsets = [pfn * 4096 for pfn, _ in pages]
    normal = len(pages) if normal is None else normal
    size = 4096 * len(pages) if size is None else size
    return (
        struct.pack(">IIIII", magic, 1, flags, alloc, normal)
        + struct.pack(">IQ32s256s", size, number, pad, block)
        + struct.pack(">128Q", *offsets, *[0] * (128 - len(offsets)))
        + b"".join(content for _, content in pages)
    )


def content(seed: int) -> bytes:
    return bytes([seed]) * 4096


MAIN = build([("r", 8 * 4096)], [[Sent("r", 7, 0)], []], [])
# Sections START, PART, END: three sync points. As QEMU 7.2 does, a SYNC may ride on a packet with pages, and an empty
# packet with the same number follow.
CHANNELS = [
    start(0)
    + packet(0, flags=SYNC)
    + packet(2, (0, content(1)), (1, content(2)))
    + packet(4, flags=SYNC)
    + packet(6, (2, content(6)))
    + packet(7, flags=SYNC),
    start(1)
    + packet(1, flags=SYNC)
    + packet(3, (2, content(3)))
    + packet(5, (3, content(4)), flags=SYNC)
    + packet(5)
    + packet(8, flags=SYNC)
    + packet(8),
]


def parse(channels: list[bytes], main: list[Record] = MAIN) -> list[Record]:
    sources = [ByteSource(io.BytesIO(data), f"mfd{n}") for n, data in enumerate(channels)]
    return list(read_stream(ByteSource(io.BytesIO(encode_all(main)), "main"), sources, keep_bytes=True))


def merged(records: list[Record]) -> list[tuple[int | None, int | None, int, SectionKind]]:
    pages = [r for r in records if isinstance(r, Page) and r.kind is PageKind.MULTIFD]
    return [(page.packet, page.channel, page.pfn, page.section) for page in pages]


PART, END = SectionKind.PART, SectionKind.END


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_channels_in_any_order_are_merged_by_packet_number(order: tuple[int, ...]) -> None:
    records = parse([CHANNELS[n] for n in order])
    assert merged(records) == [(2, 0, 0, PART), (2, 0, 1, PART), (3, 1, 2, PART), (5, 1, 3, PART), (6, 0, 2, END)]
    assert [r for r in records if not (isinstance(r, Page) and r.kind is PageKind.MULTIFD)] == MAIN


def test_a_page_says_where_it_lies_in_its_channel() -> None:
    page = next(r for r in parse(CHANNELS) if isinstance(r, Page) and r.channel == 1)
    assert CHANNELS[1][page.offset : page.offset + page.length] == content(3) == page.data
    assert page.digest == digest(content(3))


def test_pages_come_before_the_eos_that_waits_for_them() -> None:
    kinds = [type(r).__name__ for r in parse(CHANNELS) if isinstance(r, Page | EndOfSection)]
    assert kinds == ["EndOfSection", *["Page"] * 5, "EndOfSection", "Page", "EndOfSection"]


def newer(machine: str = "pc-i440fx-8.1") -> list[Record]:
    """The main stream of a newer machine: sync points are MULTIFD_FLUSH records, one in START and one in PART."""
    records: list[Record] = []
    for record in MAIN:
        if isinstance(record, Configuration):
            record = evolve(record, machine=machine)
        if isinstance(record, EndOfSection) and record.section is not END:
            records.append(MultifdFlush(0, 0, record.section, record.ordinal))
        records.append(record)
    return laid_out(records)


def test_newer_machines_sync_at_flush_records_alone() -> None:
    one = start(0) + packet(0, flags=SYNC) + packet(1, (0, content(1)), flags=SYNC) + packet(2, flags=SYNC)
    assert merged(parse([one], newer())) == [(1, 0, 0, PART)]


def test_pages_after_the_last_sync_are_refused() -> None:
    one = start(0) + packet(0, flags=SYNC) + packet(1, flags=SYNC) + packet(2, (0, content(1)))
    with pytest.raises(BrokenStream, match="no pages after the last sync"):
        parse([one], newer())


@pytest.mark.parametrize(
    "asked_for",
    [b"\0\0\0\0\0\0\0\x10", struct.pack(">QB", 0x5008, 1) + b"r" + content(1), struct.pack(">QBB", 2, 0, 0)],
)
def test_a_channel_of_pages_that_post_copy_asks_for_is_not_read(asked_for: bytes) -> None:
    with pytest.raises(NotReadYet, match="postcopy-preempt"):
        parse([asked_for])


def test_a_machine_without_version_is_not_read() -> None:
    with pytest.raises(NotReadYet, match="names no version"):
        parse(CHANNELS, newer("microvm"))


def test_a_channel_cut_anywhere_ends_early() -> None:
    # The packets after the last SYNC are empty, so that a cut between them is no loss.
    whole = len(CHANNELS[1]) - len(packet(8))
    for end in [*range(0, 64), *range(64, whole, 97), whole - 1]:
        with pytest.raises((EarlyEnd, UnusableInput)):
            parse([CHANNELS[0], CHANNELS[1][:end]])


def test_a_missing_sync_is_named_with_what_waits_for_it() -> None:
    with pytest.raises(EarlyEnd, match=r"multifd channel 1 .*a SYNC packet for the EOS at offset \d+ of the main"):
        parse([CHANNELS[0], CHANNELS[1].split(packet(8, flags=SYNC))[0]])


@pytest.mark.parametrize(
    ("channels", "match"),
    [
        ([CHANNELS[0], CHANNELS[0]], "multifd channels 0, 0; expected the channels 0 to 1"),
        ([CHANNELS[1]], "multifd channels 1; expected the channels 0 to 0"),
        ([CHANNELS[0], start(1, b"u" * 16)], "machines with other uuids"),
        ([CHANNELS[0], start(1) + packet(0, flags=SYNC)], "packet 0 on multifd channels 0 and 1"),
    ],
)
def test_channels_of_another_migration_are_wrong_companions(channels: list[bytes], match: str) -> None:
    with pytest.raises(WrongCompanion, match=match):
        parse(channels)


@pytest.mark.parametrize("data", [b"", b"QEVM" + bytes(80), start(0, magic=1)])
def test_what_is_no_channel_is_unusable(data: bytes) -> None:
    with pytest.raises(UnusableInput, match="a multifd channel"):
        parse([data])


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (start(0, version=2), "multifd version 2"),
        (start(0) + packet(0, flags=2), "multifd compression"),
        (start(0) + packet(0, flags=0x40), "multifd flags 0x40"),
        (start(0) + packet(0, pad=struct.pack(">I", 3)), "zero pages in a multifd packet"),
    ],
)
def test_what_is_not_worked_out_is_not_read(data: bytes, match: str) -> None:
    with pytest.raises(NotReadYet, match=match):
        parse([data])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (packet(0, magic=5), "0x5, 1"),
        (packet(0, alloc=129), "0 pages of 129"),
        (packet(0, alloc=1, normal=2), "2 pages of 1"),
        (packet(0, (0, content(0)), size=4095), "4095 bytes"),
        (packet(0, (8, content(0))), "address 0x8000"),
        (packet(0, (0, content(0)), block=b"q"), "block 'q'"),
        (packet(0, (0, content(0)), block=b""), "b''"),
        (packet(5) + packet(4), "4"),
    ],
)
def test_a_damaged_packet_is_refused(data: bytes, found: str) -> None:
    with pytest.raises(BrokenStream) as caught:
        parse([start(0) + data + packet(9, flags=SYNC)])
    assert caught.value.found == found


def test_a_delta_beside_channels_is_not_read() -> None:
    main = build([("r", 8 * 4096)], [[Sent("r", 7, content(1)), Sent("r", 7, content(1), delta=b"")]], [])
    with pytest.raises(NotReadYet, match="XBZRLE beside multifd"):
        parse(CHANNELS, main)


def test_too_many_channels_are_not_read() -> None:
    with pytest.raises(NotReadYet, match="one of 17 multifd channels"):
        parse([start(n) for n in range(17)])
