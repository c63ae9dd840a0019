"""A small QEMU stream, built from records, and how the tests of its reader read it, change it and see it refused."""

import io
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from attrs import evolve

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet, UnusableInput
from refmodel.oracle.readers.qemu_records import Record
from refmodel.oracle.readers.qemu_stream import read_stream

from .qemu_writer import Dev, Sent, build, encode_all

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
