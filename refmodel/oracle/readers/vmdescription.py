"""The vmdescription of a QEMU stream: where it is in the tail, and the size of each device section in it.

It is the only place with the sizes of the device sections (QEMU 7.2 migration/vmstate.c writes it while it saves them).
"""

import json
import re
from typing import Any

from attrs import field, frozen

from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd

MAX_JSON = 1 << 21
"""Largest JSON text in bytes that is parsed (2 MiB; real ones are below 1 MiB): parsed, it can take 40 times as much.

`locate` relies on the top byte of the length being zero.
"""

MAX_BODY = 1 << 26
"""Largest device body in bytes that is taken for a size and not for damage."""

_END_MARKER = "the end marker (EOF byte and vmdescription)"
_HEAD = 6  # the EOF byte, the type 06 and the u32 length of the text


class DescriptionError(Exception):
    """The JSON does not describe device sections; the text says where."""


@frozen
class DeviceLayout:
    """What the description says of one device section.

    `size` is that of the body in bytes, subsections included. `marks` are the bytes known in advance: the head of each
    subsection, with its position in the body.
    """

    name: str
    instance: int
    version: int | None
    size: int
    marks: tuple[tuple[int, bytes], ...]


@frozen
class Description:
    """The whole description; `page_size` is in bytes."""

    page_size: int
    devices: tuple[DeviceLayout, ...] = field(repr=False)


def locate(tail: bytes, base: int) -> int:
    """Return the position in `tail` of the EOF byte before the description that ends it; `base` is the tail's offset.

    Raises `EarlyEnd` when there is none or it is cut short, `BrokenStream` when something follows it.
    """
    # JSON text has no NUL byte, so the last one is in the length field, whose first byte is NUL (MAX_JSON).
    last_nul = tail.rfind(0)
    for position in range(last_nul - 2, last_nul - _HEAD, -1):
        length = int.from_bytes(tail[position + 2 : position + _HEAD], "big")
        if position >= 0 and tail[position : position + 2] == b"\0\6" and position + _HEAD + length == len(tail):
            return position
    end = base + len(tail)
    if found := re.search(rb'\x00\x06(....)\{"', tail, re.DOTALL):
        said = int.from_bytes(found[1], "big")
        there = len(tail) - found.start() - _HEAD
        if there == said:
            return found.start()  # longer than MAX_JSON
        kind = EarlyEnd if there < said else BrokenStream
        raise kind(base + found.start() + 1, "vmdescription", f"{said} bytes to the end", f"{there} bytes")
    raise EarlyEnd(end, "device state", _END_MARKER, "the end of the stream before its end marker")


def parse(text: bytes) -> Description:
    """Return the description in the JSON `text`. Raises `DescriptionError`."""
    try:
        root = _object(json.loads(text.decode("utf-8")), "the description")
        devices = tuple(_device(_object(item, "a device")) for item in _list(root, "devices"))
        return Description(_number(root, "page_size", MAX_BODY), devices)
    except ValueError as error:
        raise DescriptionError(f"no JSON ({error})") from error
    except RecursionError as error:
        raise DescriptionError("JSON nested too deeply") from error


def _device(item: dict[str, Any]) -> DeviceLayout:
    marks: list[tuple[int, bytes]] = []
    version = _number(item, "version", 0xFFFFFFFF) if "version" in item else None
    size = _extent(item, 0, marks)
    return DeviceLayout(_name(item, "name"), _number(item, "instance_id", 0xFFFFFFFF), version, size, tuple(marks))


def _extent(item: dict[str, Any], position: int, marks: list[tuple[int, bytes]]) -> int:
    """Return where the fields of `item`, which begin at `position`, and its subsections end.

    The size of a field is measured by QEMU on the wire and includes what is nested in it; with `array_len` it is that
    of one element. The subsections of `item` itself follow its fields: 05, length and name, u32 version, content.
    """
    for entry in _list(item, "fields"):
        member = _object(entry, "a field")
        count = _number(member, "array_len", MAX_BODY) if "array_len" in member else 1
        position += count * _number(member, "size", MAX_BODY)
    for entry in _list(item, "subsections") if "subsections" in item else []:
        subsection = _object(entry, "a subsection")
        name = _name(subsection, "vmsd_name").encode()
        head = bytes([5, len(name)]) + name + _number(subsection, "version", 0xFFFFFFFF).to_bytes(4, "big")
        marks.append((position, head))
        position = _extent(subsection, position + len(head), marks)
    if position > MAX_BODY:
        raise DescriptionError(f"a device of {position} bytes, over {MAX_BODY}")
    return position


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DescriptionError(f"{what} that is no object")
    return value


def _list(item: dict[str, Any], key: str) -> list[Any]:
    value = item.get(key)
    if not isinstance(value, list):
        raise DescriptionError(f"no list '{key}'")
    return value


def _number(item: dict[str, Any], key: str, largest: int) -> int:
    value = item.get(key)
    if type(value) is not int or not 0 <= value <= largest:
        raise DescriptionError(f"'{key}' that is no number from 0 to {largest}")
    return value


def _name(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not 0 < len(value) < 256 or not value.isascii():
        raise DescriptionError(f"'{key}' that is no name")
    return value
