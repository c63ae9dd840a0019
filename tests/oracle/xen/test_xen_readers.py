"""The readers of Xen recordings: what is refused, where a stream breaks, and that no bytes raise anything else."""

import io
import struct
import tracemalloc
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, NotReadYet, ReaderError, UnusableInput
from refmodel.oracle.xen import judge_xen, looks_like_xen, wire
from refmodel.oracle.xen.records import Batch, Handshake, Opaque, P2mFrames, Page, Record, Vcpu, XlHeader
from refmodel.oracle.xen.trace import read_trace
from refmodel.oracle.xen.vcpu import differing_fields, travelling_context
from refmodel.oracle.xen.wrapper import read_stream

from . import xen_guest as guest
from .xen_guest import HOT
from .xen_writer import HANDSHAKE, Recording, good, libxc_header, page_data, record, xl_header

RECORDS = good().records()
STREAM = b"".join(RECORDS)
BOUNDARIES = [0, *accumulate(len(piece) for piece in RECORDS)]


def parse(data: bytes) -> list[Record]:
    """Return the records of `data`."""
    return list(read_stream(ByteSource(io.BytesIO(data), "input")))


def replaced(number: int, piece: bytes) -> bytes:
    """Return the stream with one of its pieces replaced."""
    return b"".join([*RECORDS[:number], piece, *RECORDS[number + 1 :]])


def at(kind: int, which: int = 0) -> int:
    """Return where the record of a type stands among the pieces."""
    return [n for n, piece in enumerate(RECORDS) if n > 3 and struct.unpack_from("<I", piece)[0] == kind][which]


# Reading


def test_the_pages_of_a_stream_are_read_back_with_type_pfn_and_place() -> None:
    pages = [one for one in parse(STREAM) if isinstance(one, Page)]
    assert [(page.pfn, page.type, page.data) for page in pages] == [one for run in good().passes for one in run]
    assert all(page.data is None or STREAM[page.offset : page.offset + 4096] == page.data for page in pages)
    assert [page.pfn for page in pages if page.opens_batch] == [0, guest.L1, guest.OTHER_L1]


def test_everything_around_the_pages_is_read() -> None:
    records = parse(STREAM)
    assert isinstance(records[0], XlHeader)
    assert isinstance(records[-1], Handshake)
    assert [one.frames for one in records if isinstance(one, P2mFrames)] == [(guest.P2M,)]
    assert [one.count for one in records if isinstance(one, Batch)] == [16, 3, 3]
    assert [one.part for one in records if isinstance(one, Vcpu)] == ["basic", "extended", "xsave"]


def test_the_wrappers_may_be_missing() -> None:
    bare = b"".join(RECORDS[3:-2])
    assert [type(one) for one in parse(bare)] == [type(one) for one in parse(STREAM)[2:-2]]
    assert len(parse(b"".join(RECORDS[1:]))) == len(parse(STREAM)) - 1
    assert all(looks_like_xen(data[:12]) for data in (STREAM, bare, STREAM[len(RECORDS[0]) :]))
    assert not looks_like_xen(b"QEVM" + bytes(8))


def test_an_optional_record_is_skipped_and_its_padding_with_it() -> None:
    skipped = replaced(at(2), RECORDS[at(2)] + record(0x80000077, b"hello"))
    assert next(one.length for one in parse(skipped) if isinstance(one, Opaque)) == 5
    optional = struct.pack("<II", 0x80000001, 3) + bytes(8)
    assert len(parse(replaced(2, optional + RECORDS[2]))) == len(parse(STREAM))


def test_a_context_travels_with_pfns_in_it() -> None:
    m2p = {mfn: pfn for pfn, mfn in guest.SOURCE.items()}
    assert travelling_context(guest.context(guest.SOURCE), m2p) == guest.context(None)
    assert differing_fields(bytes(5168), bytes(520) + b"\1" + bytes(4646) + b"\1") == (
        "user_regs",
        "callbacks and segment bases",
    )


# What is refused


@pytest.mark.parametrize("data", [b"", b"Xen", b"QEVM" + bytes(60), b"\xff" * 8 + b"XENX", b"LibxlFm"])
def test_bytes_that_are_no_xen_stream_are_unusable(data: bytes) -> None:
    with pytest.raises(UnusableInput, match="no Xen stream at offset 0"):
        parse(data)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (STREAM.replace(struct.pack("<II", 3, 0), struct.pack("<II", 7, 0), 1), "flags 0x7"),
        (replaced(1, b"LibxlFmt" + struct.pack(">II", 1, 0)), "libxl stream version 1"),
        (replaced(1, b"LibxlFmt" + struct.pack(">II", 2, 1)), "big-endian libxl"),
        (replaced(2, struct.pack("<II", 2, 0)), "EMULATOR_XENSTORE_DATA"),
        (replaced(3, libxc_header(version=2)), "libxc stream version 2"),
        (replaced(3, libxc_header(options=1)), "big-endian libxc"),
        (replaced(3, libxc_header(kind=2)), "domain type 2"),
        (replaced(at(2), record(0x9, b"hvm")), "record HVM_CONTEXT"),
        (replaced(at(2), record(0xE)), "record CHECKPOINT"),
        (replaced(at(2), record(0x7F)), "mandatory record type 0x7f"),
    ],
)
def test_what_is_not_read_is_named_with_its_offset(data: bytes, what: str) -> None:
    with pytest.raises(NotReadYet, match=rf"{what}.* at offset \d+ is not read by this version; expected "):
        parse(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (replaced(0, xl_header(b"{")), "domain configuration at offset 48: expected JSON, found no JSON"),
        (replaced(0, xl_header(b"[]")), "expected a JSON object, found list"),
        (STREAM.replace(b"\0 \r", b"\0 \n", 1), "xl header at offset 0"),
        (STREAM.replace(b"\4\3\2\1", b"\1\2\3\4", 1), "expected byte order 0x01020304"),
        (replaced(1, b"LibxlFmX" + struct.pack(">II", 2, 0)), "libxl header at offset"),
        (replaced(2, struct.pack("<II", 0, 0)), "expected LIBXC_CONTEXT of length 0, found type 0x0"),
        (replaced(2, struct.pack("<II", 1, 8)), "found type 0x1 of length 8"),
        (replaced(3, libxc_header(shift=13)), "expected page shift 12, found 13"),
        (replaced(3, b"\xff" * 7 + b"\xfeXENF" + libxc_header()[12:]), "libxc header at offset"),
        (replaced(at(2), record(2, b"\4\3" + bytes(6))), "expected a guest of width 8 with 4 levels, found 4 with 3"),
        (replaced(at(2), record(2)), "expected a body of 8 bytes, found one of 0"),
        (replaced(at(3), b""), "expected X86_PV_P2M_FRAMES before the first PAGE_DATA"),
        (replaced(at(3), RECORDS[at(3)] * 2), "found a second one"),
        (replaced(at(3), record(3, struct.pack("<IIQ", 0, 600, 5))), "expected a body of 24 bytes, found one of 16"),
        (replaced(at(3), record(3, struct.pack("<IIQ", 1, 0, 5))), "expected pfns from 0 up, found 1 to 0"),
        (replaced(at(3), record(3, struct.pack("<IIQ", 0, 15, 16))), "expected pfns of at most 15, found pfn 16"),
        (replaced(at(1), record(1, bytes(8))), "expected 1 to 1024 pages, found 0 pages"),
        (replaced(at(1), record(1, struct.pack("<II", 1025, 0))), "found 1025 pages"),
        (replaced(at(1), page_data([(3, 5, bytes(4096))])), "found the reserved type 0x5"),
        (replaced(at(1), page_data([(16, 0, bytes(4096))])), "expected a pfn of at most 15, found pfn 16"),
        (replaced(at(1), page_data([(3, 0, bytes(4095))])), "expected 4112 bytes for 1 entries, 1 with data"),
        (replaced(at(7), record(7, bytes(4095))), "expected a body of 4096 bytes, found one of 4095"),
        (replaced(at(7), RECORDS[at(7)] + RECORDS[at(1)]), "before SHARED_INFO, found 0x1"),
        (replaced(at(8), record(0xD) + record(0xD)), "pages and one VERIFY"),
        (replaced(at(4), record(4, bytes(8))), "expected a context after 8 bytes, found 8 bytes"),
        (replaced(at(4), b""), "expected a record X86_PV_VCPU_BASIC before it, found none"),
        (replaced(at(0), record(0, bytes(8))), "END at offset"),
        (STREAM + b"\0", "handshake at offset"),
        (STREAM[: -len(HANDSHAKE)] + b"domain is mine", "handshake at offset"),
    ],
)
def test_a_broken_structure_is_told_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(BrokenStream) as caught:
        parse(data)
    assert not isinstance(caught.value, EarlyEnd)
    assert message in str(caught.value)


# Truncation


@pytest.mark.parametrize("number", range(1, len(RECORDS)))
def test_a_stream_that_ends_at_a_record_is_not_whole(number: int, tmp_path: Path) -> None:
    recording = good().write(tmp_path)
    for cut in (BOUNDARIES[number], BOUNDARIES[number] + 4):
        (recording / "stream.bin").write_bytes(STREAM[:cut])
        verdict = judge_xen(recording)
        assert verdict.verdict == "violation"
        (whole,) = (finding for finding in verdict.findings if finding.rule == "the-stream-is-whole")
        assert "the end of the stream" in whole.message


@given(st.integers(12, len(STREAM) - 1))
def test_a_stream_that_ends_anywhere_ends_early_or_before_its_handshake(cut: int) -> None:
    if cut == len(STREAM) - len(HANDSHAKE):
        assert not any(isinstance(one, Handshake) for one in parse(STREAM[:cut]))
        return
    with pytest.raises(EarlyEnd, match=r"at offset \d+: expected .*, found the end of the stream"):
        parse(STREAM[:cut])


def test_a_length_field_costs_no_memory() -> None:
    claims = [replaced(at(kind), struct.pack("<II", kind, 0xFFFFFFF8)) for kind in (3, 4, 0x11)]
    claims.append(replaced(at(1), struct.pack("<IIII", 1, 0xFFFFFFF8, 1024, 0)))
    tracemalloc.start()
    for data in claims:
        with pytest.raises(BrokenStream):
            parse(data[: BOUNDARIES[at(1)] + 100])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


# The files beside the stream


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("src.mem", b"XMEMDMP2", "no memory image"),
        ("src.mem", b"XMEMDMP1" + bytes(10), "frame count: the end of the stream"),
        ("bitmaps.bin", b"\0", "the end of the stream after 1"),
        ("logdirty.log", b"hello\n", "line 1, 'hello'"),
        ("logdirty.log", b"1.0 stall begin", "ends in mid-line"),
        ("logdirty.log", b"2.0 stall begin\n1.0 stall end\n", "the clock of line 2 jumps back from 2.0 to 1.0"),
        ("logdirty.log", b"1.0 shadow_control dom=3 op=OFF(0) rc=-16\n", "failed (rc=-16)"),
        ("logdirty.log", b"1.0 shadow_control op=OFF(0) rc=0\n", "without dom="),
        ("logdirty.log", b"1.0 logdirty_control op=X(1) rc=16 faults=0 dirty=0 popcount=0 len=2\n", "op=X(1)"),
        ("logdirty.log", b"1.0 peek rc=16 faults=0 dirty=0 popcount=0 peek#=1 len=2\n", "bitmap 1 of 16 pages"),
        ("logdirty.log", b"1.0 peek rc=16 faults=0 dirty=0 popcount=0 peek#=0 len=9\n", "len=9"),
        ("logdirty.log", b"1.0 stall begin\n", "bytes that no call of the log accounts for"),
        ("trace.bin", b"", ""),
        ("trace.bin", bytes(8), "no trace (event 0x0)"),
        ("trace.bin", struct.pack("<3I", 0x2001F003, 1, 9) + bytes(8), "the trace ends inside a window"),
        ("trace.bin", struct.pack("<4I", 0x2001F003, 1, 2, 0), "a record over the end of its window"),
        ("trace.bin", struct.pack("<6I", 0x2001F003, 1, 40, 0x2001F003, 1, 0), "a window of a CPU inside another"),
        ("trace.bin", struct.pack("<6I", 0x2001F003, 1, 0, 0x2001F003, 2, 0), "a trace of the CPUs 1 and 2"),
        ("trace.bin", struct.pack("<4I", 0x2001F003, 1, 4, 0x0040F106), "SHADOW_FIXUP 0x40f106 of 0 words"),
        ("times.txt", b"# reply 1.0 2\n", "no read"),
        ("times.txt", b"1.0 5 2\n", "line 1, '1.0 5 2'"),
        ("times.txt", b"2.0 0 2\n1.0 2 2\n", "the clock of line 2 jumps back from 2.0 to 1.0"),
        ("times.txt", b"2.0 0 2\n", "the times of 2 bytes"),
        ("xenperf.txt", b"exceptions  T=  5 \n", "no counter 'shadow_fault fixed fault'"),
        ("tables.bin", b"PHYSSPRX", "no recorded tables"),
        ("tables.bin", b"PHYSSPRS" + bytes(9), "frame 0x0: the end of the stream after 1"),
        ("tables.bin", b"PHYSSPRS" + bytes(4104) * 2, "frame 0x0"),
        ("tables.bin", b"PHYSSPRS" + struct.pack("<Q", 0x3000) + bytes([3]) + bytes(4095), "frame 0x0, which another"),
        ("tables.bin", b"PHYSSPRS", "0 roots among the tables"),
        ("regs.txt", b"", "no CPU"),
        ("regs.txt", b"CPU#0\nCPL=0\n", "CPU#0 without CR3 or CPL"),
    ],
)
def test_a_companion_that_cannot_be_used_is_said_and_not_held_against_the_migration(
    name: str, data: bytes, reason: str, tmp_path: Path
) -> None:
    good().write(tmp_path)
    (tmp_path / name).write_bytes(data)
    verdict = judge_xen(tmp_path)
    if not reason:  # an empty trace is a trace without faults: the counts disagree
        assert {finding.rule for finding in verdict.findings} == {"fault-counts-agree"}
        return
    assert verdict.verdict == "unusable"
    assert verdict.reason is not None
    assert reason in verdict.reason
    assert name in verdict.reason or name in ("bitmaps.bin", "logdirty.log")


def test_a_trace_with_lost_records_leaves_its_rules_unchecked(tmp_path: Path) -> None:
    recording = good()
    recording.trace = [struct.pack("<II", 0x1001F001, 7)]
    recording.counter = None
    why = {one.rule: one.why for one in judge_xen(recording.write(tmp_path)).unchecked}
    assert why["fault-counts-agree"] == "xentrace lost 7 records"
    assert "lost 7 records" in why["a-dirty-page-has-a-write-fault-or-a-table-update"]
    source = ByteSource(io.BytesIO(b""), "input")
    assert read_trace(source).records == 0


# Any bytes


FILES = good().files()
names = st.sampled_from(sorted(FILES))
pieces = st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 8, bytes(8), b"\n", b"9"])
edits = st.tuples(st.sampled_from(["set", "insert", "cut", "drop", "swap"]), names, st.floats(0, 1), pieces, names)


def damaged(changes: list[tuple[str, str, float, bytes, str]]) -> dict[str, bytes]:
    """Return the files of a good recording after some damage."""
    files = dict(FILES)
    for kind, name, place, piece, other in changes:
        data = files[name]
        where = int(place * len(data))
        match kind:
            case "set":
                files[name] = data[:where] + piece + data[where + len(piece) :]
            case "insert":
                files[name] = data[:where] + piece + data[where:]
            case "cut":
                files[name] = data[:where]
            case "drop":
                files[name] = data[:where] + data[where + 100 * piece[0] :]
            case "swap":
                files[name], files[other] = files[other], data
    return files


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, min_size=1, max_size=4))
def test_no_bytes_raise_anything_and_no_verdict_comes_without_a_reason(
    tmp_path: Path, changes: list[tuple[str, str, float, bytes, str]]
) -> None:
    for name, data in damaged(changes).items():
        (tmp_path / name).write_bytes(data)
    verdict = judge_xen(tmp_path)
    assert (verdict.verdict == "violation") == bool(verdict.findings)
    assert (verdict.verdict == "unusable") == bool(verdict.reason)


@settings(max_examples=150)
@given(st.integers(0, len(STREAM) - 1), st.binary(min_size=1, max_size=9), st.booleans())
def test_a_damaged_stream_raises_nothing_but_reader_errors(where: int, piece: bytes, insert: bool) -> None:
    data = STREAM[:where] + piece + STREAM[where + (0 if insert else len(piece)) :]
    with suppress(ReaderError):
        parse(data)


PAGES = [(page.offset, page.pfn) for page in parse(STREAM) if isinstance(page, Page) and page.data is not None]
LAST = {pfn: offset for offset, pfn in PAGES}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(LAST)), st.integers(0, 4095), st.integers(0, 7))
def test_a_flipped_bit_in_any_last_copy_is_never_accepted(tmp_path: Path, pfn: int, byte: int, bit: int) -> None:
    data = bytearray(STREAM)
    data[LAST[pfn] + byte] ^= 1 << bit
    good().write(tmp_path)
    (tmp_path / "stream.bin").write_bytes(bytes(data))
    verdict = judge_xen(tmp_path)
    assert ("the-last-store-arrives", pfn) in {(finding.rule, finding.pfn) for finding in verdict.findings}


def test_a_flipped_bit_in_a_copy_that_is_sent_again_is_harmless(tmp_path: Path) -> None:
    recording: Recording = good()
    recording.passes[0][HOT] = (HOT, 0, guest.text("torn"))
    assert judge_xen(recording.write(tmp_path)).verdict == "accepted"


def test_the_digest_tells_types_apart() -> None:
    assert wire.digest(1, bytes(4096)) != wire.digest(9, bytes(4096))
