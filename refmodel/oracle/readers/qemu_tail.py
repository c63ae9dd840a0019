"""The tail of a QEMU stream: device sections, EOF and vmdescription.

Device sections have no length on the wire, so the whole tail is buffered, and the description at its end is read first.
"""

import struct
from collections.abc import Iterator

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet, UnusableInput
from refmodel.oracle.readers.qemu_records import Device, EndOfFile, VmDescription
from refmodel.oracle.readers.vmdescription import MAX_JSON, DescriptionError, DeviceLayout, locate, parse

MAX_TAIL = 32 * 1024 * 1024
"""Largest tail in bytes that is buffered."""

_HEAD = struct.Struct(">BIB")  # type, section id, length of the name
_NUMBERS = struct.Struct(">II")  # instance, version
_FOOTER = struct.Struct(">BI")  # type, section id


def read_tail(
    source: ByteSource, ram_section_id: int, keep_bytes: bool
) -> Iterator[Device | EndOfFile | VmDescription]:
    """Yield what follows the RAM, to the last byte of `source`.

    Raises `BrokenStream` when the device sections do not fit the description exactly, `EarlyEnd` when there is none,
    `UnusableInput` when the tail is over `MAX_TAIL` or the JSON over `MAX_JSON`, `NotReadYet` for commands and
    other page sizes.
    """
    base = source.offset
    first = source.peek(1)
    if first == bytes([wire.COMMAND]):
        raise NotReadYet(source.name, base, "record COMMAND", "device sections after the RAM")
    if first and first[0] not in (wire.SECTION_FULL, wire.EOF):
        raise BrokenStream(base, "section", "type 04 (device) or 00 (EOF) after the RAM", f"type {first[0]:02x}")
    tail = source.read_rest(MAX_TAIL, "the device state")
    end = locate(tail, base)
    text = tail[end + 6 :]
    if len(text) > MAX_JSON:
        raise UnusableInput(
            source.name, base + end + 1, f"a vmdescription of {len(text)} bytes", f"at most {MAX_JSON} bytes"
        )
    try:
        description = parse(text)
    except DescriptionError as error:
        raise BrokenStream(base + end + 1, "vmdescription", "the device sections in JSON", str(error)) from error
    if description.page_size != wire.PAGE_SIZE:
        raise NotReadYet(source.name, base + end + 1, f"a page size of {description.page_size} bytes", "4096 bytes")
    position = 0
    seen = {ram_section_id}
    for layout in description.devices:
        device = _read_device(tail, position, end, base, layout, keep_bytes)
        if device.section_id in seen:
            raise BrokenStream(
                device.offset, f"device {device.name}", "a new section id", f"id {device.section_id} again"
            )
        seen.add(device.section_id)
        position += device.length
        yield device
    if position != end:
        raise BrokenStream(
            base + position,
            "EOF",
            f"the EOF byte after the {len(description.devices)} devices of the vmdescription",
            f"{end - position} bytes before it",
        )
    yield EndOfFile(base + end, 1)
    yield VmDescription(
        base + end + 1,
        len(tail) - end - 1,
        description.page_size,
        len(description.devices),
        text if keep_bytes else None,
    )


def _read_device(tail: bytes, position: int, end: int, base: int, layout: DeviceLayout, keep_bytes: bool) -> Device:
    """Read the device section at `position`, which must be the one of `layout` and stay before `end`."""
    offset = base + position
    record = f"device {layout.name}"
    name = layout.name.encode()
    body_at = position + _HEAD.size + len(name) + _NUMBERS.size
    footer_at = body_at + layout.size
    length = footer_at + _FOOTER.size - position
    if position + length > end:
        raise BrokenStream(offset, record, f"{length} bytes", f"{end - position} bytes before the EOF byte")
    kind, section_id, _ = _HEAD.unpack_from(tail, position)
    if kind != wire.SECTION_FULL:
        raise BrokenStream(offset, record, "type 04", f"type {kind:02x}")
    name_at = position + _HEAD.size
    said = tail[name_at - 1 : name_at + len(name)]
    if said != bytes([len(name)]) + name:
        raise BrokenStream(base + name_at - 1, record, f"length {len(name)} and name {layout.name}", repr(said))
    instance, version = _NUMBERS.unpack_from(tail, name_at + len(name))
    if instance != layout.instance:
        raise BrokenStream(
            offset, record, f"instance {layout.instance} as in the vmdescription", f"instance {instance}"
        )
    if layout.version is not None and version != layout.version:
        raise BrokenStream(offset, record, f"version {layout.version} as in the vmdescription", f"version {version}")
    for mark, head in layout.marks:
        there = tail[body_at + mark : body_at + mark + len(head)]
        if there != head:
            raise BrokenStream(base + body_at + mark, record, f"subsection head {head.hex()}", there.hex())
    footer, footer_id = _FOOTER.unpack_from(tail, footer_at)
    if footer != wire.SECTION_FOOTER or footer_id != section_id:
        raise BrokenStream(
            base + footer_at, f"footer of {record}", f"7e with id {section_id}", f"{footer:02x} with id {footer_id}"
        )
    body = tail[body_at:footer_at]
    return Device(
        offset, length, section_id, layout.name, instance, version, wire.digest(body), body if keep_bytes else None
    )
