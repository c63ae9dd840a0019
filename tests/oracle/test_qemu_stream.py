"""The QEMU stream reader: round trips, and what is no stream or not read."""

import io
import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from refmodel.oracle.readers import qemu_tail
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.readers.qemu_records import (
    Configuration,
    Device,
    Header,
    Page,
    PageKind,
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
from .small_stream import CONTENT, RECORDS, STREAM, broken, changed, find, inserted, not_read, parse, replaced


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
