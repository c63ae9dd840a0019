"""The QEMU stream reader: the devices after the RAM, held against the description at the end."""

import json
from typing import Any

import pytest
from attrs import evolve

from refmodel.oracle.readers.errors import EarlyEnd
from refmodel.oracle.readers.qemu_records import Device, EndOfFile, VmDescription

from .qemu_writer import encode
from .small_stream import STREAM, broken, changed, find, inserted, parse, replaced


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
