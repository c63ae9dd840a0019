"""An encoder of QEMU migration streams for tests: from records back to the bytes of the wire."""

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve, frozen

from refmodel.oracle.readers.qemu_command_records import Command, CommandKind, Discard, PackagedDevices
from refmodel.oracle.readers.qemu_records import (
    BlockList,
    Configuration,
    Device,
    EndOfFile,
    EndOfSection,
    Footer,
    Header,
    MultifdFlush,
    Page,
    PageKind,
    RamBlock,
    Record,
    Section,
    SectionKind,
    VmDescription,
)
from refmodel.oracle.readers.qemu_wire import PAGE_SIZE, digest

_SECTION_TYPES = {SectionKind.START: 1, SectionKind.PART: 2, SectionKind.END: 3}
RAM_ID = 2


def u32(value: int) -> bytes:
    """Return `value` in 4 bytes, big-endian."""
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    """Return `value` in 8 bytes, big-endian."""
    return value.to_bytes(8, "big")


def text(value: str) -> bytes:
    """Return the length of `value` in one byte, then its characters."""
    return bytes([len(value)]) + value.encode()


def encode(record: Record) -> bytes:
    """Return the bytes of `record` on the wire; what has a digest needs its `data`."""
    match record:
        case Header():
            return b"QEVM" + u32(record.version)
        case Configuration():
            subsections = [b"\x05" + text(sub.name) + u32(sub.version) + sub.body for sub in record.subsections]
            return b"\x07" + u32(len(record.machine)) + record.machine.encode() + b"".join(subsections)
        case Section():
            head = bytes([_SECTION_TYPES[record.kind]]) + u32(record.section_id)
            if record.kind is not SectionKind.START:
                return head
            return head + text(record.name) + u32(record.instance) + u32(record.version)
        case BlockList():
            return u64(record.total | 0x4) + b"".join(text(block.name) + u64(block.length) for block in record.blocks)
        case Page():
            return _encode_page(record)
        case EndOfSection():
            return u64(0x10)
        case MultifdFlush():
            return u64(0x200)
        case Command():
            form = ">" + {CommandKind.POSTCOPY_ADVISE: "QQ"}.get(record.kind, "I" * len(record.numbers))
            return command(record.kind.value, struct.pack(form, *record.numbers))
        case Discard():
            return discard(record.block, [(first * PAGE_SIZE, pages * PAGE_SIZE) for first, pages in record.ranges])
        case PackagedDevices():
            assert record.data is not None
            return record.data
        case Footer():
            return b"\x7e" + u32(record.section_id)
        case Device():
            assert record.data is not None
            head = b"\x04" + u32(record.section_id) + text(record.name) + u32(record.instance) + u32(record.version)
            return head + record.data + b"\x7e" + u32(record.section_id)
        case EndOfFile():
            return b"\0"
        case VmDescription():
            assert record.data is not None
            return b"\x06" + u32(len(record.data)) + record.data


def command(number: int, data: bytes) -> bytes:
    """Return a COMMAND."""
    return b"\x08" + struct.pack(">HH", number, len(data)) + data


def discard(block: str, ranges: Iterable[tuple[int, int]], version: int = 0, after: bytes = b"\0") -> bytes:
    """Return a DISCARD; `ranges` are (start, length) in bytes."""
    data = bytes([version]) + text(block) + after + b"".join(struct.pack(">QQ", *pair) for pair in ranges)
    return command(CommandKind.POSTCOPY_RAM_DISCARD.value, data)


_FLAGS = {PageKind.PAGE: 0x8, PageKind.ZERO: 0x2, PageKind.XBZRLE: 0x40, PageKind.ZLIB: 0x100}


def _encode_page(record: Page) -> bytes:
    if record.kind is PageKind.MULTIFD:
        return b""
    flags = _FLAGS[record.kind] | (0x20 if record.continued else 0)
    head = u64(record.pfn * PAGE_SIZE | flags) + (b"" if record.continued else text(record.block))
    if record.payload is not None:
        size = (
            u32(len(record.payload)) if record.kind is PageKind.ZLIB else b"\1" + struct.pack(">H", len(record.payload))
        )
        return head + size + record.payload
    if record.kind is PageKind.ZERO:
        assert record.fill is not None
        return head + bytes([record.fill])
    assert record.data is not None
    return head + record.data


def laid_out(records: Iterable[Record]) -> list[Record]:
    """Return `records` with the offsets and lengths that they have on the wire one after the other."""
    placed: list[Record] = []
    offset = 0
    for record in records:
        if isinstance(record, Page) and record.kind is PageKind.MULTIFD:
            placed.append(record)
            continue
        length = len(encode(record))
        placed.append(evolve(record, offset=offset, length=length))
        offset += length
    return placed


def encode_all(records: Iterable[Record]) -> bytes:
    """Return the whole stream."""
    return b"".join(encode(record) for record in records)


@frozen
class Sent:
    """A page to send: 4096 bytes, or a fill byte for a ZERO record; `delta` makes it XBZRLE, `packed` COMPRESS."""

    block: str
    pfn: int
    content: bytes | int
    delta: bytes | None = None
    packed: bool = False


@frozen
class Dev:
    """A device section to send; `subsections` are names and bodies, which follow the `body`."""

    name: str
    body: bytes
    instance: int = 0
    version: int = 1
    subsections: tuple[tuple[str, bytes], ...] = ()


def build(blocks: Sequence[tuple[str, int]], passes: Sequence[Sequence[Sent]], devices: Sequence[Dev]) -> list[Record]:
    """Return the records of a stream with the RAM `blocks` (name, bytes), one section a pass; the last pass is END."""
    ram = tuple(RamBlock(name, length) for name, length in blocks)
    records: list[Record] = [Header(0, 0, 3), Configuration(0, 0, "pc-i440fx-7.2")]
    body: list[Record] = [BlockList(0, 0, sum(block.length for block in ram), ram)]
    current: str | None = None
    for ordinal in range(len(passes) + 1):
        kind = SectionKind.PART
        if ordinal in (0, len(passes)):
            kind = SectionKind.END if ordinal else SectionKind.START
        for sent in passes[ordinal - 1] if ordinal else ():
            body.append(_page(sent, kind, ordinal, sent.block == current))
            current = sent.block
        records += [Section(0, 0, kind, ordinal, RAM_ID, "ram", 0, 4), *body]
        records += [EndOfSection(0, 0, kind, ordinal), Footer(0, 0, RAM_ID)]
        body = []
    records += [_device(number, device) for number, device in enumerate(devices, RAM_ID + 1)]
    return laid_out([*records, EndOfFile(0, 0), describe(devices)])


def _page(sent: Sent, kind: SectionKind, ordinal: int, continued: bool) -> Page:
    fill = sent.content if isinstance(sent.content, int) else None
    data = bytes([sent.content]) * PAGE_SIZE if isinstance(sent.content, int) else sent.content
    how = PageKind.PAGE if fill is None else PageKind.ZERO
    payload = None
    if sent.delta is not None:
        how, payload = PageKind.XBZRLE, sent.delta
    elif sent.packed:
        how, payload, fill = PageKind.ZLIB, zlib.compress(data), None
    return Page(0, 0, kind, ordinal, RAM_ID, sent.block, sent.pfn, how, continued, digest(data), fill, data, payload)


def _device(section_id: int, device: Dev) -> Device:
    tails = [b"\x05" + text(name) + u32(1) + body for name, body in device.subsections]
    data = device.body + b"".join(tails)
    return Device(0, 0, section_id, device.name, device.instance, device.version, digest(data), data)


def describe(devices: Iterable[Dev], page_size: int = PAGE_SIZE) -> VmDescription:
    """Return the vmdescription of `devices`, each body one field of single bytes."""
    items = [_describe(device) for device in devices]
    data = json.dumps({"page_size": page_size, "devices": items}).encode()
    return VmDescription(0, 0, page_size, len(items), data)


def _describe(device: Dev) -> dict[str, Any]:
    item: dict[str, Any] = {"name": device.name, "instance_id": device.instance, "version": device.version}
    item["fields"] = [{"name": "body", "array_len": len(device.body), "type": "uint8", "size": 1}]
    if device.subsections:
        item["subsections"] = [
            {"vmsd_name": name, "version": 1, "fields": [{"name": "x", "type": "buffer", "size": len(body)}]}
            for name, body in device.subsections
        ]
    return item
