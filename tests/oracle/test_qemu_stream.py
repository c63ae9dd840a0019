"""The QEMU stream reader: round trips, refusals by their reason, damaged streams, and the recorded captures."""

import gzip
import io
import json
import lzma
import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
import zstandard
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from refmodel.oracle.readers import qemu_tail
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import decompressed, open_input
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet, ReaderError, UnusableInput
from refmodel.oracle.readers.qemu_records import (
    BlockList,
    Configuration,
    Device,
    EndOfFile,
    EndOfSection,
    Footer,
    Header,
    Page,
    PageKind,
    RamBlock,
    Record,
    Section,
    SectionKind,
    Subsection,
    VmDescription,
)
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.readers.vmdescription import MAX_JSON

from .qemu_writer import Dev, Sent, build, describe, encode, encode_all, laid_out, text, u32, u64

CONTENT = bytes(range(256)) * 16
RECORDS = build(
    blocks=[("pc.ram", 4 * 4096), ("pc.rom", 4096)],
    passes=[[Sent("pc.ram", 0, CONTENT), Sent("pc.ram", 1, 0)], [Sent("pc.ram", 3, 0), Sent("pc.rom", 0, 255)]],
    devices=[Dev("timer", b"12345678"), Dev("cpu", b"regs", 1, 12, (("cpu/msr", b"\0" * 8), ("cpu/x", b"")))],
)
STREAM = encode_all(RECORDS)
R = TypeVar("R")


def parse(data: bytes) -> list[Record]:
    """Return the records of `data`, with content."""
    return list(read_stream(ByteSource(io.BytesIO(data), "input"), keep_bytes=True))


def collected(records: Iterator[Record]) -> tuple[list[Record], UnusableInput | BrokenStream | None]:
    """Return the records, and the error that ended them."""
    found: list[Record] = []
    try:
        found.extend(records)
    except (UnusableInput, BrokenStream) as error:
        return found, error
    return found, None


def find(kind: type[R], which: int = 0) -> R:
    """Return the record number `which` of type `kind` in the small stream."""
    return [record for record in RECORDS if isinstance(record, kind)][which]


def replaced(offset: int, old: int, new: bytes) -> bytes:
    """Return the small stream with `old` bytes at `offset` replaced."""
    return STREAM[:offset] + new + STREAM[offset + old :]


def changed(record: Record, **fields: Any) -> bytes:
    """Return the small stream with one record changed in `fields`."""
    return encode_all([evolve(record, **fields) if other is record else other for other in RECORDS])


def inserted(before: Record, data: bytes) -> bytes:
    """Return the small stream with `data` before one record."""
    return replaced(before.offset, 0, data)


def broken(data: bytes) -> BrokenStream:
    """Return the error of a stream that must be broken, and not for its early end."""
    with pytest.raises(BrokenStream) as caught:
        parse(data)
    assert not isinstance(caught.value, EarlyEnd)
    return caught.value


def not_read(data: bytes) -> NotReadYet:
    """Return the error of a stream that must be refused as not read."""
    with pytest.raises(NotReadYet) as caught:
        parse(data)
    return caught.value


# Round trips


def test_a_built_stream_is_read_back_record_by_record() -> None:
    assert parse(STREAM) == RECORDS


def test_the_records_cover_the_stream_without_gap() -> None:
    assert laid_out(parse(STREAM)) == RECORDS


def test_bytes_are_kept_only_on_request() -> None:
    plain = list(read_stream(ByteSource(io.BytesIO(STREAM), "input")))
    assert plain == [evolve(r, data=None) if isinstance(r, Page | Device | VmDescription) else r for r in RECORDS]


def test_a_page_record_says_where_and_what() -> None:
    page = find(Page, 2)
    assert (page.section, page.ordinal, page.block, page.pfn) == (SectionKind.END, 2, "pc.ram", 3)
    assert (page.kind, page.fill, page.digest) == (PageKind.ZERO, 0, digest(bytes(4096)))
    assert page.continued, "the named block lives on from the section before"
    assert find(Page).digest == digest(CONTENT)


def test_configuration_subsections_are_read() -> None:
    extra = (
        Subsection("configuration/target-page-bits", 1, u32(12)),
        Subsection("configuration/uuid", 1, bytes(16)),
    )
    records = laid_out(evolve(r, subsections=extra) if isinstance(r, Configuration) else r for r in RECORDS)
    assert parse(encode_all(records)) == records


def test_a_stream_without_devices_is_read() -> None:
    records = build([("r", 4096)], [[]], [])
    assert parse(encode_all(records)) == records


def test_an_old_style_device_is_read_by_its_data_field() -> None:
    devices = [{"name": "old", "instance_id": 0, "size": 3, "fields": [{"name": "data", "size": 3, "type": "buffer"}]}]
    data = json.dumps({"page_size": 4096, "devices": devices}).encode()
    records = build([("r", 4096)], [[]], [Dev("old", b"abc", version=7)])
    records[-1] = evolve(describe([]), offset=records[-1].offset, length=len(data) + 5, devices=1, data=data)
    assert parse(encode_all(records)) == records


names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)


@st.composite
def streams(draw: st.DrawFn) -> list[Record]:
    """Any small stream."""
    blocks = [(name, draw(st.integers(1, 9)) * 4096) for name in draw(st.lists(names, min_size=1, unique=True))]
    content = st.integers(0, 255) | st.binary(min_size=1, max_size=8).map(lambda seed: (seed * 4096)[:4096])
    passes = []
    for _ in range(draw(st.integers(1, 4))):
        chosen = draw(st.lists(st.tuples(st.sampled_from(blocks), st.integers(0, 8), content), max_size=5))
        passes.append([Sent(block, pfn % (size // 4096), what) for (block, size), pfn, what in chosen])
    subsections = st.lists(st.tuples(names, st.binary(max_size=9)), max_size=2).map(tuple)
    devices = st.builds(Dev, names, st.binary(max_size=40), st.integers(0, 3), st.integers(0, 99), subsections)
    return build(blocks, passes, draw(st.lists(devices, max_size=3)))


@given(streams())
def test_any_built_stream_is_read_back_and_encodes_to_the_same_bytes(records: list[Record]) -> None:
    data = encode_all(records)
    assert parse(data) == records
    assert encode_all(parse(data)) == data


# What is no QEMU stream, or not read


@pytest.mark.parametrize("data", [b"", b"QEV", b"\x7fELF" + bytes(99), b"\xff" * 8 + b"XENF"])
def test_input_without_the_magic_is_unusable(data: bytes) -> None:
    with pytest.raises(UnusableInput, match=r"^input: .* at offset 0; expected .*QEVM"):
        parse(data)


def test_another_file_version_is_not_read() -> None:
    assert "QEMU file version 2 at offset 4" in str(not_read(changed(find(Header), version=2)))


@pytest.mark.parametrize(
    ("flag", "name"),
    [(0x1, "FULL"), (0x80, "HOOK"), (0xA0, "HOOK")],
)
def test_a_record_kind_that_is_not_read_is_named_with_its_offset(flag: int, name: str) -> None:
    page = find(Page, 1)
    error = not_read(inserted(page, u64(flag)))
    assert f"record {name} at offset {page.offset} is not read by this version" in str(error)


def test_a_command_after_the_ram_is_not_read() -> None:
    error = not_read(inserted(find(Device), b"\x08" + bytes(4)))
    assert f"record COMMAND at offset {find(Device).offset} is not read" in str(error)


def test_a_live_section_that_is_not_ram_is_not_read() -> None:
    assert "live section 'block'" in str(not_read(changed(find(Section), name="block")))


def test_another_ram_version_is_not_read() -> None:
    assert "RAM section version 5" in str(not_read(changed(find(Section), version=5)))


def test_a_device_section_before_the_ram_is_not_read() -> None:
    assert "a device section before the RAM" in str(not_read(inserted(find(Section), encode(find(Device)))))


def test_a_stream_without_configuration_is_not_read() -> None:
    assert "without configuration" in str(not_read(replaced(8, find(Configuration).length, b"")))


def test_a_configuration_subsection_of_unknown_size_is_not_read() -> None:
    extra = Subsection("configuration/other", 1, b"")
    assert "subsection configuration/other" in str(not_read(changed(find(Configuration), subsections=(extra,))))


def test_a_capability_that_changes_the_ram_records_is_not_read() -> None:
    extra = Subsection("configuration/capabilities", 1, u32(2) + text("x-ignore-shared") + text("mapped-ram"))
    error = not_read(changed(find(Configuration), subsections=(extra,)))
    assert "the capability x-ignore-shared, mapped-ram" in str(error)


def test_no_capabilities_are_read() -> None:
    extra = (Subsection("configuration/capabilities", 1, u32(0)),)
    records = laid_out(evolve(r, subsections=extra) if isinstance(r, Configuration) else r for r in RECORDS)
    assert parse(encode_all(records)) == records


def test_too_many_capabilities_are_refused() -> None:
    extra = Subsection("configuration/capabilities", 1, u32(65))
    assert broken(changed(find(Configuration), subsections=(extra,))).found == "65"


@pytest.mark.parametrize("bits", [13, 0xFFFFFFFF])
def test_another_page_size_in_the_configuration_is_not_read(bits: int) -> None:
    extra = Subsection("configuration/target-page-bits", 1, u32(bits))
    assert f"a page size of {bits} bits" in str(not_read(changed(find(Configuration), subsections=(extra,))))


def test_another_page_size_in_the_vmdescription_is_not_read() -> None:
    assert "a page size of 8192 bytes" in str(not_read(STREAM.replace(b'"page_size": 4096', b'"page_size": 8192')))


def test_a_tail_over_the_limit_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu_tail, "MAX_TAIL", 100)
    with pytest.raises(UnusableInput, match="device state is longer than the 100 bytes"):
        parse(STREAM)


def test_a_vmdescription_over_the_limit_is_unusable() -> None:
    data = encode(find(VmDescription))[5:]
    padded = changed(find(VmDescription), data=data[:-1] + b" " * MAX_JSON + data[-1:])
    with pytest.raises(UnusableInput, match=f"a vmdescription of {MAX_JSON + len(data)} bytes"):
        parse(padded)


# Broken structure


def test_a_type_other_than_configuration_is_refused() -> None:
    assert broken(replaced(8, 1, b"\x09")).record == "configuration"


def test_an_absurd_machine_name_length_is_refused() -> None:
    assert "at most 1024 bytes, found a length of 4294967295 bytes" in str(broken(replaced(9, 4, b"\xff" * 4)))


def test_a_machine_name_that_is_no_text_is_refused() -> None:
    assert broken(replaced(13, 1, b"\xfe")).record == "machine name"


def test_a_repeated_configuration_subsection_is_refused() -> None:
    extra = Subsection("configuration/uuid", 1, bytes(16))
    assert "each subsection once" in str(broken(changed(find(Configuration), subsections=(extra, extra))))


def test_a_part_before_the_start_is_refused() -> None:
    assert broken(inserted(find(Section), encode(find(Section, 1)))).expected == "type 01 (START of the RAM)"


def test_a_second_start_is_refused() -> None:
    assert "type 02 or 03" in broken(inserted(find(Section, 1), encode(find(Section)))).expected


def test_a_section_after_the_end_is_refused() -> None:
    assert "after the RAM" in broken(inserted(find(Device), encode(find(Section, 1)))).expected


def test_a_device_section_before_the_end_of_the_ram_is_refused() -> None:
    assert broken(inserted(find(Section, 2), encode(find(Device)))).found == "type 04"


def test_a_section_with_another_id_is_refused() -> None:
    assert broken(changed(find(Section, 1), section_id=9)).found == "id 9"


def test_a_footer_with_another_id_is_refused() -> None:
    error = broken(changed(find(Footer, 1), section_id=9))
    assert str(error) == f"footer at offset {find(Footer, 1).offset}: expected the id of its section, 2, found id 9"


def test_a_missing_footer_is_refused() -> None:
    footer = find(Footer, 1)
    assert broken(replaced(footer.offset, footer.length, b"")).expected == "type 7e"


def test_a_page_of_an_unknown_block_is_refused() -> None:
    assert broken(changed(find(Page), block="pc.xxx")).found == "block 'pc.xxx'"


def test_a_page_before_the_block_list_is_refused() -> None:
    assert broken(inserted(find(BlockList), encode(find(Page)))).expected == "a RAM block of the block list"


def test_a_page_outside_its_block_is_refused() -> None:
    assert "an address inside pc.ram of 16384 bytes, found address 0x4000" in str(broken(changed(find(Page), pfn=4)))


def test_continue_before_a_block_was_named_is_refused() -> None:
    assert broken(changed(find(Page), continued=True)).expected == "a RAM block named before CONTINUE"


@pytest.mark.parametrize("flags", [0x00, 0x0A, 0x0C, 0x18, 0x24, 0x30, 0x400, 0x800, 0x241, 0x220, 0x48])
def test_flags_of_no_one_record_kind_are_refused(flags: int) -> None:
    assert broken(inserted(find(Page, 1), u64(flags))).found == f"flags {flags:#05x}"


def test_an_eos_with_an_address_is_refused() -> None:
    assert broken(replaced(find(EndOfSection).offset, 8, u64(0x1010))).record == "EOS"


def blocks(total: int, *entries: tuple[str, int]) -> BrokenStream:
    """Return the error of the small stream with another block list."""
    return broken(changed(find(BlockList), total=total, blocks=tuple(RamBlock(*entry) for entry in entries)))


def test_a_second_block_list_is_refused() -> None:
    assert broken(inserted(find(EndOfSection), encode(find(BlockList)))).found == "a second one"


def test_a_duplicate_block_is_refused() -> None:
    assert blocks(0x2000, ("a", 0x1000), ("a", 0x1000)).found == "a second block a"


def test_blocks_over_the_total_are_refused() -> None:
    assert blocks(0x2000, ("a", 0x1000), ("b", 0x2000)).found == "4096 more"


@pytest.mark.parametrize("length", [0, 1, 0x1800])
def test_a_block_of_no_whole_pages_is_refused(length: int) -> None:
    assert "a whole number of pages" in blocks(0x2000, ("a", length), ("b", 0x2000 - length)).expected


@pytest.mark.parametrize("total", [0, 1 << 50])
def test_an_absurd_total_is_refused(total: int) -> None:
    assert blocks(total, ("a", total)).found == f"{total} bytes"


def test_a_block_without_name_is_refused() -> None:
    assert blocks(0x1000, ("", 0x1000)).expected == "a printable name"


def test_too_many_blocks_are_refused() -> None:
    assert blocks(4097 * 0x1000, *((f"b{n}", 0x1000) for n in range(4097))).expected == "at most 4096 RAM blocks"


# The tail


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"name": "timex"}, r"b'\x05timex'"),
        ({"instance": 5}, "instance 5"),
        ({"version": 6}, "version 6"),
        ({"section_id": 2}, "id 2 again"),
        ({"section_id": 4}, "id 4 again"),
    ],
)
def test_a_device_that_is_not_as_described_is_refused(fields: dict[str, Any], found: str) -> None:
    assert broken(changed(find(Device), **fields)).found == found


@pytest.mark.parametrize("data", [b"1234567", b"123456789"])
def test_a_device_of_another_size_than_described_is_refused(data: bytes) -> None:
    assert broken(changed(find(Device), data=data)).record == "footer of device timer"


def test_a_missing_device_is_refused() -> None:
    device = find(Device, 1)
    assert "bytes before the EOF byte" in broken(replaced(device.offset, device.length, b"")).found


def test_a_device_that_is_not_described_is_refused() -> None:
    extra = evolve(find(Device), section_id=99)
    assert "bytes before it" in broken(inserted(find(EndOfFile), encode(extra))).found


def test_a_device_footer_with_another_id_is_refused() -> None:
    device = find(Device)
    assert broken(replaced(device.offset + device.length - 1, 1, b"\x63")).found == "7e with id 99"


def test_a_device_subsection_that_is_not_as_described_is_refused() -> None:
    assert "subsection head" in broken(replaced(STREAM.index(b"cpu/msr"), 1, b"x")).expected


def test_bytes_after_the_vmdescription_are_refused() -> None:
    assert broken(STREAM + b"\n").record == "vmdescription"


def test_a_stream_without_vmdescription_ends_before_its_end_marker() -> None:
    with pytest.raises(EarlyEnd, match="found the end of the stream before its end marker"):
        parse(STREAM[: find(VmDescription).offset])


FIELD = {"name": "f", "size": 1}
DEVICE = {"name": "d", "instance_id": 0, "fields": [FIELD]}


@pytest.mark.parametrize(
    "json_text",
    [
        "{",
        "[" * 100_000,
        '{"page_size": ' + "9" * 5000 + "}",
        "[]",
        '{"devices": [1], "page_size": 4096}',
        '{"devices": []}',
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "name": "x" * 256}]}),
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "instance_id": -1}]}),
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "fields": None}]}),
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "fields": [{**FIELD, "size": True}]}]}),
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "fields": [{**FIELD, "array_len": 1 << 60}]}]}),
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "fields": [{**FIELD, "size": 1 << 26}] * 2}]}),
        json.dumps({"page_size": 4096, "devices": [{**DEVICE, "subsections": [{"fields": []}]}]}),
    ],
)
def test_a_vmdescription_that_describes_no_devices_is_refused(json_text: str) -> None:
    assert broken(changed(find(VmDescription), data=json_text.encode())).record == "vmdescription"


# Damage


def test_a_stream_cut_at_any_offset_is_refused() -> None:
    for end in range(len(STREAM)):
        with pytest.raises(UnusableInput if end < 4 else EarlyEnd):
            parse(STREAM[:end])


# Most of the small stream is the content of a page, where damage is not seen: aim at the rest as well.
positions = st.integers(0, len(STREAM)) | st.sampled_from(RECORDS).flatmap(
    lambda record: st.integers(record.offset, record.offset + min(record.length, 40))
)
edits = st.tuples(positions, st.sampled_from(["flip", "insert", "delete"]), st.binary(min_size=1, max_size=9))


@settings(max_examples=500, deadline=None)
@given(st.lists(edits, min_size=1, max_size=4))
def test_a_damaged_stream_ends_in_records_or_a_reader_error(changes: list[tuple[int, str, bytes]]) -> None:
    data = bytearray(STREAM)
    for at, how, what in changes:
        if how == "insert":
            data[at:at] = what
        elif how == "delete":
            del data[at : at + len(what)]
        elif at < len(data):
            data[at] ^= 1 << what[0] % 8
    records, error = collected(read_stream(ByteSource(io.BytesIO(bytes(data)), "input"), keep_bytes=True))
    assert data.startswith(encode_all(records))
    if error:
        assert f"at offset {error.offset}" in str(error)
        assert "expected" in str(error)
    else:
        assert data == encode_all(records)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([0, 8, find(Section).offset, find(Page).offset, find(Device).offset]), st.binary(max_size=200))
def test_noise_after_a_good_start_ends_in_records_or_a_reader_error(keep: int, noise: bytes) -> None:
    with pytest.raises(ReaderError):
        parse(STREAM[:keep] + noise)


class Trickle(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, 1))


def test_a_pipe_that_gives_single_bytes_is_read() -> None:
    assert list(read_stream(ByteSource(Trickle(STREAM), "-"), keep_bytes=True)) == RECORDS


def test_a_file_that_fails_is_unusable() -> None:
    class Failing:
        def read(self, size: int, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UnusableInput, match="cannot be read"):
        list(read_stream(ByteSource(Failing(), "disk")))


def test_a_file_that_would_block_is_unusable() -> None:
    class Nothing:
        def read(self, _: int, /) -> None:
            return None

    with pytest.raises(UnusableInput, match="would block"):
        list(read_stream(ByteSource(Nothing(), "pipe")))


def test_peek_refuses_more_than_it_buffers() -> None:
    with pytest.raises(ValueError, match="peek of 70000 bytes"):
        ByteSource(io.BytesIO(), "input").peek(70000)


# Compression


def zstd(data: bytes) -> bytes:
    """Compress with a checksum, so that damage is seen."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


COMPRESSORS: list[Callable[[bytes], bytes]] = [zstd, lzma.compress, gzip.compress]
compressors = pytest.mark.parametrize("compress", COMPRESSORS, ids=["zstd", "xz", "gzip"])


@pytest.mark.parametrize("compress", [*COMPRESSORS, bytes], ids=["zstd", "xz", "gzip", "plain"])
def test_a_file_is_read_whatever_its_compression(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "stream"
    path.write_bytes(compress(STREAM))
    with open_input(str(path)) as source:
        assert list(read_stream(source, keep_bytes=True)) == RECORDS


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(zstd(STREAM))))
    with open_input("-") as source:
        assert list(read_stream(source, keep_bytes=True)) == RECORDS


@compressors
def test_compressed_parts_one_after_the_other_are_one_input(compress: Callable[[bytes], bytes]) -> None:
    data = compress(STREAM[:1000]) + compress(STREAM[1000:])
    assert list(read_stream(decompressed(io.BytesIO(data), "input"), keep_bytes=True)) == RECORDS


@compressors
def test_compressed_data_cut_anywhere_is_unusable(compress: Callable[[bytes], bytes]) -> None:
    whole = compress(STREAM)
    for end in range(len(whole)):
        with pytest.raises(UnusableInput):
            list(read_stream(decompressed(io.BytesIO(whole[:end]), "input")))


@compressors
@settings(deadline=None)
@given(data=st.data())
def test_corrupt_compressed_data_ends_in_a_reader_error(
    compress: Callable[[bytes], bytes], data: st.DataObject
) -> None:
    whole = bytearray(compress(STREAM))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    records, error = collected(read_stream(decompressed(io.BytesIO(bytes(whole)), "input"), keep_bytes=True))
    # A header field such as gzip's time may change unseen, but then the content is the same.
    assert isinstance(error, UnusableInput) or records == RECORDS


@compressors
def test_a_decompression_bomb_takes_little_memory(compress: Callable[[bytes], bytes]) -> None:
    size = 100 * 1024 * 1024
    bomb = compress(bytes(size))
    tracemalloc.start()
    try:
        source = decompressed(io.BytesIO(bomb), "bomb")
        while source.read_some(65536):
            pass
        assert source.offset == size
        assert tracemalloc.get_traced_memory()[1] < 72 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["no such file", ".", "nul\0byte"])
def test_a_path_that_cannot_be_opened_is_unusable(path: str) -> None:
    with pytest.raises(UnusableInput, match="cannot be opened"), open_input(path):
        pass


# Recorded captures

NOT_SET = "REFMODEL_CAPTURES names no folder of recordings (qemu/*/*/stream.zst)"


def captures() -> list[Path]:
    """Return the folders of the recorded QEMU streams, none without the environment variable."""
    root = os.environ.get("REFMODEL_CAPTURES")
    return sorted(path.parent for path in Path(root).glob("qemu/*/*/stream.zst")) if root else []


def as_event(record: Record) -> dict[str, Any]:
    """Return `record` in the form of the recordings' own parse."""
    event: dict[str, Any] = {"off": record.offset, "len": record.length}
    match record:
        case Header():
            return event | {"ev": "header"}
        case Configuration():
            return event | {"ev": "config", "machine": record.machine, "subs": list(record.subsections)}
        case Section():
            event |= {"ev": "section", "type": record.kind.value, "id": record.section_id, "sec": record.ordinal}
            start = {"name": record.name, "instance": record.instance, "version": record.version}
            return event | (start if record.kind is SectionKind.START else {})
        case BlockList():
            listed = [[block.name, block.length] for block in record.blocks]
            return event | {"ev": "blocks", "total": record.total, "blocks": listed}
        case Page():
            event |= {"ev": "page", "sec": record.ordinal, "stype": record.section.value, "block": record.block}
            event |= {"addr": record.pfn * 4096, "kind": record.kind.value}
            if record.kind is PageKind.MULTIFD:
                return event | {"off": None, "ch": record.channel, "packet": record.packet, "hash": record.digest}
            event |= {"cont": record.continued}
            return event | {"hash": record.digest} | ({} if record.fill is None else {"fill": record.fill})
        case EndOfSection():
            return event | {"ev": "eos", "sec": record.ordinal, "stype": record.section.value}
        case Footer():
            return event | {"ev": "footer", "id": record.section_id}
        case Device():
            event |= {"ev": "device", "name": record.name, "instance": record.instance, "id": record.section_id}
            return event | {"hash": record.digest}
        case EndOfFile():
            return event | {"ev": "eof"}
        case VmDescription():
            return event | {"ev": "vmdesc", "devices": record.devices, "page_size": record.page_size}
        case _:
            raise AssertionError(record)


def expected_events(folder: Path) -> tuple[list[dict[str, Any]], type[ReaderError] | None]:
    """Return the recording's own parse as far as it is read here, and the error that ends it."""
    lines = unpacked(folder / "records.jsonl.zst").splitlines()
    events: list[dict[str, Any]] = []
    for event in map(json.loads, lines):
        if event["ev"] == "error":
            return events, EarlyEnd
        event.pop("n", None)
        events.append(event)
    return events, None


def unpacked(path: Path) -> bytes:
    """Return the content of a zstd file."""
    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()


@pytest.mark.skipif(not os.environ.get("REFMODEL_CAPTURES"), reason=NOT_SET)
def test_the_folder_of_recordings_holds_some() -> None:
    assert captures(), NOT_SET


@pytest.mark.skipif(not captures(), reason=NOT_SET)
@pytest.mark.parametrize("folder", captures(), ids=lambda path: path.name)
def test_a_recording_is_read_like_its_own_parse(folder: Path) -> None:
    with ExitStack() as stack:
        source, *channels = (
            stack.enter_context(open_input(str(path)))
            for path in [folder / "stream.zst", *sorted(folder.glob("stream.mfd*.zst"))]
        )
        records, error = collected(read_stream(source, channels, keep_bytes=True))
    events, expected_error = expected_events(folder)
    for record, event in zip(records, events, strict=False):
        assert as_event(record) == event
    assert type(error) is expected_error if expected_error else error is None
    assert len(records) == len(events)
    whole = unpacked(folder / "stream.zst")
    encoded = encode_all(records)
    assert whole.startswith(encoded)
    assert error or len(encoded) == len(whole)
