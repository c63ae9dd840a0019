"""Deltas and zlib pages: round trips, and each refusal by its reason."""

import zlib

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from refmodel.oracle.readers import qemu_contents
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.readers.qemu_records import EndOfSection, Page, PageKind
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.readers.qemu_xbzrle import DeltaError, apply

from .deltas import DELTA, NEW, OLD, broken, stream
from .qemu_writer import Sent, encode_all, u64
from .small_stream import parse


def test_a_delta_replaces_bytes_of_the_last_content() -> None:
    assert apply(DELTA, OLD) == NEW


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=64, max_size=64))
def test_any_change_can_be_written_as_a_delta(old: bytes, new: bytes) -> None:
    delta = bytearray()
    there = 0
    while there < 64:
        begin = next((i for i in range(there, 64) if old[i] != new[i]), None)
        if begin is None:
            break
        end = next((i for i in range(begin, 64) if old[i] == new[i]), 64)
        delta += bytes([begin - there, end - begin]) + new[begin:end]
        there = end
    assert apply(bytes(delta), old) == new


@pytest.mark.parametrize(
    ("delta", "expected", "found"),
    [
        (b"\x00", "a run of unchanged bytes", "the delta's end"),
        (b"\x00\x01", "a run of new bytes after the unchanged ones", "the delta's end"),
        (b"\x00\x00x", "new bytes in a run of new ones", "a run of 0 bytes"),
        (b"\x00\x01x\x00\x01y", "unchanged bytes between two runs of new ones", "a run of 0 bytes"),
        (b"\x80\x80\x01x", "a number of at most two bytes", "a longer one"),
        (b"\x00\x03xy", "3 new bytes", "2 bytes to the delta's end"),
        (b"\xff\x1f\x02xy", "new bytes inside the page of 4096", "2 bytes at 4095"),
        (b"\xff\x7f\x01x", "new bytes inside the page of 4096", "1 bytes at 16383"),
    ],
)
def test_a_delta_that_qemu_would_not_decode_is_refused(delta: bytes, expected: str, found: str) -> None:
    with pytest.raises(DeltaError) as caught:
        apply(delta, OLD)
    assert (caught.value.expected, caught.value.found) == (expected, found)
    records = stream(Sent("r", 0, OLD, delta=delta))
    assert broken(encode_all(records)).found == found


def test_deltas_build_on_what_was_sent_last_in_whatever_form() -> None:
    filled = bytes([7]) * 4096
    records = stream(
        Sent("r", 0, NEW, delta=DELTA),
        Sent("r", 0, NEW, delta=b""),
        Sent("r", 1, apply(DELTA, filled), delta=DELTA),
        Sent("r", 2, OLD, packed=True),
        Sent("r", 2, NEW, delta=DELTA),
        Sent("r", 2, 0),
        Sent("r", 2, apply(DELTA, bytes(4096)), delta=DELTA),
    )
    found = parse(encode_all(records))
    assert found == records
    assert [page.digest for page in found if isinstance(page, Page)][2:4] == [digest(NEW)] * 2


def test_a_delta_of_a_page_never_sent_is_broken() -> None:
    assert broken(encode_all(stream(Sent("r", 3, NEW, delta=DELTA)))).expected == "page 3 of r sent in full before"


@pytest.mark.parametrize(("head", "found"), [(b"\2\0\0", "encoding 2"), (b"\1\x10\1" + bytes(0x1001), "4097 bytes")])
def test_a_delta_of_another_form_is_refused(head: bytes, found: str) -> None:
    records = stream()
    at = next(record.offset for record in records[::-1] if isinstance(record, EndOfSection))
    data = encode_all(records)
    assert broken(data[:at] + u64(0x40 | 0x20) + head + data[at:]).found == found


def test_contents_go_to_a_file_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu_contents, "IN_MEMORY", 1)
    records = stream(Sent("r", 0, NEW, delta=DELTA))
    assert parse(encode_all(records)) == records


def test_a_file_that_cannot_be_written_makes_the_input_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, _: int) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    monkeypatch.setattr(qemu_contents, "SpooledTemporaryFile", lambda max_size: Full())
    with pytest.raises(UnusableInput, match="No space left"):
        parse(encode_all(stream()))


def test_a_zlib_page_is_read() -> None:
    records = stream(Sent("r", 2, OLD, packed=True), Sent("r", 2, 0, packed=True))
    found = parse(encode_all(records))
    assert found == records
    assert [page.kind for page in found if isinstance(page, Page)][2:] == [PageKind.ZLIB] * 2


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "0 bytes"),
        (bytes(4111), "4111 bytes"),
        (b"not zlib", "incorrect header check"),
        (zlib.compress(bytes(4095)), "4095"),
        (zlib.compress(bytes(1 << 20)), "more"),
        (zlib.compress(bytes(4096)) + b"x", "bytes that end elsewhere"),
        (zlib.compress(OLD)[:-2], "bytes that end elsewhere"),
    ],
)
def test_zlib_data_that_is_not_one_page_is_refused(payload: bytes, found: str) -> None:
    records = stream(Sent("r", 2, OLD, packed=True))
    changed = [evolve(r, payload=payload) if isinstance(r, Page) and r.kind is PageKind.ZLIB else r for r in records]
    assert found in broken(encode_all(changed)).found
