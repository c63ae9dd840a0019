"""Faults on the wire, on a stream written by hand: what each makes of it."""

import io

import pytest

from refmodel.lab.faults import made
from refmodel.lab.guest import BASE
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_records import Page, Record
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.tap.editing import Cut, edited
from refmodel.tap.given import Bytes
from tests.oracle.qemu_writer import Dev, Sent, build, encode_all

FIRST = BASE // 4096
PFNS = range(FIRST, FIRST + 6)


def stream() -> bytes:
    one = [Sent("pc.ram", pfn, bytes([pfn - FIRST + 1]) * 4096) for pfn in PFNS]
    last = [Sent("pc.ram", pfn, bytes([pfn - FIRST + 101]) * 4096) for pfn in PFNS]
    return encode_all(build([("pc.ram", (FIRST + 6) * 4096)], [one, last], [Dev("d", b"x")]))


def struck(name: str) -> tuple[int | None, list[Record]]:
    """The page that is struck, and the records of what goes out, up to the end of the RAM."""
    fault, data = made(name, 1), Bytes()
    data.give(stream())
    data.end()
    out = b"".join(edited(data, "s", fault.passed, pytest.fail))
    return fault.struck, list(read_stream(ByteSource(io.BytesIO(out), "out")))


def copies(records: list[Record], pfn: int | None) -> list[str]:
    return [record.digest for record in records if isinstance(record, Page) and record.pfn == pfn]


def plain() -> list[Record]:
    return list(read_stream(ByteSource(io.BytesIO(stream()), "s")))


def test_a_dropped_record_is_not_there() -> None:
    pfn, records = struck("drop")
    assert copies(records, pfn) == copies(plain(), pfn)[:1]


def test_a_corrupt_page_is_another() -> None:
    pfn, records = struck("corrupt")
    assert len(copies(records, pfn)) == 2
    assert copies(records, pfn) != copies(plain(), pfn)


def test_a_doubled_record_is_there_twice() -> None:
    pfn, records = struck("duplicate")
    assert len(copies(records, pfn)) == 3
    assert set(copies(records, pfn)) == set(copies(plain(), pfn))


def test_two_records_change_places() -> None:
    _, records = struck("reorder")
    mine = [(r.pfn, r.digest) for r in records if isinstance(r, Page)]
    theirs = [(r.pfn, r.digest) for r in plain() if isinstance(r, Page)]
    assert mine != theirs
    assert sorted(mine) == sorted(theirs)


def test_a_replayed_page_ends_with_its_first_copy() -> None:
    pfn, records = struck("replay")
    assert copies(records, pfn)[-1] == copies(plain(), pfn)[0]


def test_a_cut_stream_ends() -> None:
    with pytest.raises(Cut):
        struck("cut")
