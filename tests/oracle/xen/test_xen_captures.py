"""Real recordings of Xen 4.17, where REFMODEL_CAPTURES names their folder; right ones, and wrong ones made of them."""

import os
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from attrs import frozen

from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen import judge_xen
from refmodel.oracle.xen.bitmaps import Bitmap
from refmodel.oracle.xen.page_tables import FRAME, PRESENT, entries, level_of
from refmodel.oracle.xen.records import Page
from refmodel.oracle.xen.wrapper import read_stream

CAPTURES = os.environ.get("REFMODEL_CAPTURES")
FOLDER = Path(CAPTURES or "", "xen")
pytestmark = pytest.mark.skipif(not CAPTURES, reason="REFMODEL_CAPTURES names no folder of recordings (xen/*)")

Files = dict[str, bytes]


@cache
def whole(name: str, file: str) -> bytes:
    """Return a file of a recording, decompressed."""
    (path,) = (FOLDER / name).glob(f"{file}*")
    with open_input(str(path)) as source:
        return source.read_rest(1 << 28, file)


@cache
def records(name: str) -> tuple[tuple[int, int, int], ...]:
    """Return of each page of a stream where its data lies, its pfn and its type."""
    (path,) = (FOLDER / name).glob("stream.bin*")
    with open_input(str(path)) as source:
        pages = (one for one in read_stream(source) if isinstance(one, Page) and one.data is not None)
        return tuple((page.offset, page.pfn, page.type) for page in pages)


@cache
def judged(name: str) -> Verdict:
    """Return the verdict on a recording as it is."""
    return judge_xen(FOLDER / name)


def counts(verdict: Verdict) -> dict[str, int]:
    """Return how often each rule was checked."""
    return {one.rule: one.count for one in verdict.checked}


# The right ones


@pytest.mark.parametrize("name", ["idle", "fast", "traced"])
def test_a_recording_with_the_sources_memory_is_accepted_on_every_page(name: str) -> None:
    verdict = judged(name)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())
    assert counts(verdict)["the-last-store-arrives"] == 8192
    assert counts(verdict)["the-vcpu-travels-as-the-source-left-it"] >= 1


def test_the_target_differs_in_eighteen_pages_each_for_its_reason() -> None:
    assert counts(judged("idle"))["the-target-differs-only-where-it-must"] == 18
    assert counts(judged("idle"))["the-target-holds-what-was-sent"] == 8192


def test_every_dirty_page_of_the_traced_run_is_explained() -> None:
    found = counts(judged("traced"))
    assert found["a-dirty-page-has-a-write-fault-or-a-table-update"] == 247 + 50 + 50 + 104
    assert found["fault-counts-agree"] == 2
    assert found["a-peek-stays-within-the-closing-clean"] == 17


def test_the_shadow_is_judged_and_the_promise_is_not() -> None:
    """Held still in mid-round: what 1635 pages were at the suspension, nobody recorded."""
    verdict = judged("shadow")
    assert (verdict.verdict, verdict.findings) == ("unusable", ())
    assert verdict.reason is not None
    assert "1635 pages may have been written after it" in verdict.reason
    found = counts(verdict)
    assert found["a-shadow-mapping-has-the-guests-own-frame"] == 1730
    assert found["a-page-writable-in-the-shadow-is-in-the-next-clean"] == 1542
    assert found["a-page-that-no-later-clean-names-stays-as-it-was"] == 8192 - 1635


def test_a_saved_domain_without_its_memory_is_not_accepted() -> None:
    verdict = judged("nonlive")
    assert (verdict.verdict, verdict.findings) == ("unusable", ())
    assert "no content was compared" in (verdict.reason or "")
    assert counts(verdict)["every-page-is-sent"] == 8192
    assert "the-last-store-arrives" in {one.rule for one in verdict.unchecked}


# Wrong ones


@frozen
class Wrong:
    """A recording made wrong: what is changed of which one, and the rule that must say so."""

    what: str
    of: str
    rule: str
    change: Callable[[], Files]


def stream(data: bytes | bytearray) -> Files:
    """Return the stream, changed."""
    return {"stream.bin": bytes(data)}


def copies(name: str, pfn: int) -> list[int]:
    """Return where the copies of a page lie in a stream."""
    return [offset for offset, found, _ in records(name) if found == pfn]


def resent(name: str) -> Iterator[int]:
    """Yield plain pages that were sent twice, with other contents."""
    data = whole(name, "stream.bin")
    for pfn in sorted({found for _, found, kind in records(name) if kind == 0}):
        places = copies(name, pfn)
        if len({data[at : at + 4096] for at in places}) > 1 and data[places[-1] :][:4096] != data[places[-2] :][:4096]:
            yield pfn


def stale_last_copy() -> Files:
    data = bytearray(whole("idle", "stream.bin"))
    *_, before, last = copies("idle", next(resent("idle")))
    data[last : last + 4096] = data[before : before + 4096]
    return stream(data)


def flipped_bit() -> Files:
    data = bytearray(whole("fast", "stream.bin"))
    data[copies("fast", next(resent("fast")))[-1] + 4000] ^= 1 << 5
    return stream(data)


def two_pages_swapped() -> Files:
    data = bytearray(whole("traced", "stream.bin"))
    pages = resent("traced")
    here, there = (copies("traced", next(pages))[-1] for _ in range(2))
    data[here : here + 4096], data[there : there + 4096] = data[there : there + 4096], data[here : here + 4096]
    return stream(data)


def record_of(data: bytes | bytearray, name: str, offset: int) -> tuple[int, int, int]:
    """Return where the PAGE_DATA record with a page at `offset` begins, how many it has, and which one it is."""
    before = [at for at, _, _ in records(name) if at <= offset]
    for start in range(before[-1] - 8 * 1024 - 16 - 4096 * 1023, offset):
        count = struct.unpack_from("<I", data, start + 8)[0] if start >= 0 else 0
        if not 0 < count <= 1024:
            continue
        body = 8 + 8 * count + 4096 * carried(data, start)
        if struct.unpack_from("<II", data, start) == (1, body) and offset < start + 8 + body:
            return start, count, (offset - start - 16 - 8 * count) // 4096
    raise AssertionError("no record")


def carried(data: bytes | bytearray, start: int) -> int:
    """Return how many pages of a record have data."""
    count = struct.unpack_from("<I", data, start + 8)[0]
    return sum(entry >> 60 < 0xD for entry in struct.unpack_from(f"<{count}Q", data, start + 16))


def taken_out(name: str, offset: int, absent: bool) -> bytes:
    """Return the stream without the page at `offset` of a record all of which has data; or with it as absent."""
    data = whole(name, "stream.bin")
    start, count, index = record_of(data, name, offset)
    assert carried(data, start) == count
    found = list(struct.unpack_from(f"<{count}Q", data, start + 16))
    if absent:
        found[index] |= 0xF << 60
    else:
        del found[index]
    head = struct.pack("<IIII", 1, 8 + 8 * len(found) + 4096 * (count - 1), len(found), 0)
    end = start + 16 + 8 * count
    pages = data[end:offset] + data[offset + 4096 : end + 4096 * count]
    return data[:start] + head + struct.pack(f"<{len(found)}Q", *found) + pages + data[end + 4096 * count :]


def sent_as_absent() -> Files:
    return stream(taken_out("idle", copies("idle", next(resent("idle")))[-1], absent=True))


def pass_lacks_a_page() -> Files:
    pfn = next(pfn for pfn in resent("traced") if len(copies("traced", pfn)) > 2)
    return stream(taken_out("traced", copies("traced", pfn)[1], absent=False))


def present_entry(name: str, level: int) -> tuple[int, int]:
    """Return where a present entry of a page table that was sent once lies, and the entry."""
    data = whole(name, "stream.bin")
    for offset, pfn, kind in records(name):
        if level_of(kind) == level and len(copies(name, pfn)) == 1:
            for slot, entry in enumerate(entries(data[offset : offset + 4096])):
                if entry & PRESENT:
                    return offset + 8 * slot, entry
    raise AssertionError("no such entry")


def wrong_frame() -> Files:
    data = bytearray(whole("idle", "stream.bin"))
    place, entry = present_entry("idle", 1)
    struct.pack_into("<Q", data, place, entry ^ 1 << 12)
    return stream(data)


def not_normalised() -> Files:
    data = bytearray(whole("idle", "stream.bin"))
    place, entry = present_entry("idle", 2)
    struct.pack_into("<Q", data, place, entry | 0x12F200 << 12)
    return stream(data)


def type_lost() -> Files:
    """A pinned L4 is sent as one that is not pinned."""
    data = bytearray(whole("idle", "stream.bin"))
    offset = next(at for at, _, kind in records("idle") if kind == 0xC)
    pfn = next(pfn for at, pfn, _ in records("idle") if at == offset)
    place = data.index(struct.pack("<Q", 0xC << 60 | pfn))
    data[place + 7] ^= 0x80
    return stream(data)


def shadow_made_writable() -> Files:
    """A mapping of a page that the next CLEAN does not name, and that the guest may not write, is made writable."""
    return {"tables.bin": _remapped(lambda pfn, clean: pfn not in clean, 2)}


def shadow_of_another_frame() -> Files:
    return {"tables.bin": _remapped(lambda pfn, clean: pfn in clean, 1 << 12)}


def _remapped(chosen: Callable[[int, Bitmap], bool], flip: int) -> bytes:
    """Flip bits of a shadow entry of a page that is `chosen`."""
    data = bytearray(whole("shadow", "tables.bin"))
    memory, bitmaps = whole("shadow", "before.mem"), whole("shadow", "bitmaps.bin")
    count, length = struct.unpack_from("<Q4xI", memory, 16)
    m2p = {mfn: pfn for mfn, pfn, _ in struct.iter_unpack("<3Q", memory[32 + length : 32 + length + 24 * count])}
    clean = Bitmap(bitmaps[-1024:])
    for at in range(8, len(data), 4104):
        if struct.unpack_from("<Q", data, at)[0] in m2p:
            continue
        for slot, entry in enumerate(entries(bytes(data[at + 8 : at + 4104]))):
            pfn = m2p.get((entry & FRAME) >> 12)
            if entry & PRESENT and entry & 4 and pfn is not None and chosen(pfn, clean):
                struct.pack_into("<Q", data, at + 8 + 8 * slot, entry ^ flip)
                return bytes(data)
    raise AssertionError("no such mapping")


def bit_of_a_clean_lost() -> Files:
    """Xen loses a dirty bit at harvest: neither the bitmap, nor its count, nor the pass has the page."""
    bitmaps = bytearray(whole("idle", "bitmaps.bin"))
    final = Bitmap(bytes(bitmaps[-1024:]))
    pfn = next(pfn for pfn in resent("idle") if pfn in final)
    bitmaps[2048 + pfn // 8] &= ~(1 << pfn % 8)
    log = whole("idle", "logdirty.log").replace(b"dirty=83 popcount=83", b"dirty=82 popcount=82")
    changed = taken_out("idle", copies("idle", pfn)[-1], absent=False)
    return stream(changed) | {"bitmaps.bin": bytes(bitmaps), "logdirty.log": log}


def peek_shrinks() -> Files:
    peeks = bytearray(whole("traced", "peek.bin"))
    lost = next(iter(Bitmap(bytes(peeks[2048:3072]))))
    extra = next(pfn for pfn in range(8192) if pfn not in Bitmap(bytes(peeks[4096:5120])))
    peeks[4096 + lost // 8] &= ~(1 << lost % 8)
    peeks[4096 + extra // 8] |= 1 << extra % 8
    return {"peek.bin": bytes(peeks)}


def fault_not_traced() -> Files:
    """One SHADOW_FIXUP becomes another event of the shadow code."""
    trace = bytearray(whole("traced", "trace.bin"))
    struct.pack_into("<I", trace, trace.index(struct.pack("<I", 0x5040F206)), 0x5040F201)
    return {"trace.bin": bytes(trace)}


def write_fault_made_a_read_fault() -> Files:
    """The faults of one dirty page lose the write permission of their guest entries."""
    trace = bytearray(whole("traced", "trace.bin"))
    place = trace.index(struct.pack("<I", 0x5040F206))
    frame = struct.unpack_from("<Q", trace, place + 4)[0] & FRAME
    while place >= 0:
        if struct.unpack_from("<Q", trace, place + 4)[0] & FRAME == frame:
            trace[place + 4] &= ~2
        place = trace.find(struct.pack("<I", 0x5040F206), place + 4)
    return {"trace.bin": bytes(trace)}


def target_keeps_the_sources_list() -> Files:
    return {"dst.mem": _target_page(8177, "idle")}


def _target_page(pfn: int, name: str) -> bytes:
    """The target's image with the source's copy of a page."""
    images = []
    for file in ("src.mem", "dst.mem"):
        data = whole(name, file)
        count, length = struct.unpack_from("<Q4xI", data, 16)
        frames = [found for _, found, _ in struct.iter_unpack("<3Q", data[32 + length : 32 + length + 24 * count])]
        images.append((data, 32 + length + 24 * count + 4096 * frames.index(pfn)))
    (source, here), (target, there) = images
    return target[:there] + source[here : here + 4096] + target[there + 4096 :]


WRONG = [
    Wrong("a stale last copy", "idle", "the-last-store-arrives", stale_last_copy),
    Wrong("a flipped bit", "fast", "the-last-store-arrives", flipped_bit),
    Wrong("two pages swapped", "traced", "the-last-store-arrives", two_pages_swapped),
    Wrong("a page sent as absent", "idle", "a-deferred-page-comes-in-the-last-pass", sent_as_absent),
    Wrong("a wrong frame in an entry", "idle", "a-page-table-entry-names-the-sources-frame", wrong_frame),
    Wrong("an entry not normalised", "idle", "a-present-entry-names-a-page-of-the-guest", not_normalised),
    Wrong("a pinned table's type lost", "idle", "the-last-store-arrives", type_lost),
    Wrong("a pass that lacks a page", "traced", "each-later-pass-is-its-clean-bitmap", pass_lacks_a_page),
    Wrong("a dirty bit lost at harvest", "idle", "the-last-store-arrives", bit_of_a_clean_lost),
    Wrong(
        "a shadow mapping made writable",
        "shadow",
        "a-page-writable-in-the-shadow-is-in-the-next-clean",
        shadow_made_writable,
    ),
    Wrong("a shadow of another frame", "shadow", "a-shadow-mapping-has-the-guests-own-frame", shadow_of_another_frame),
    Wrong("a bit that a PEEK takes back", "traced", "a-peek-only-grows-inside-a-round", peek_shrinks),
    Wrong("a fault that was not traced", "traced", "fault-counts-agree", fault_not_traced),
    Wrong(
        "a page dirty after a read fault",
        "traced",
        "a-dirty-page-has-a-write-fault-or-a-table-update",
        write_fault_made_a_read_fault,
    ),
    Wrong(
        "the source's p2m list at the target",
        "idle",
        "the-target-differs-only-where-it-must",
        target_keeps_the_sources_list,
    ),
    Wrong("a truncation", "idle", "the-stream-is-whole", lambda: stream(whole("idle", "stream.bin")[:33_823_757])),
    Wrong("cut in mid-page", "fast", "the-stream-is-whole", lambda: stream(whole("fast", "stream.bin")[:50_000_000])),
    Wrong("no handshake", "idle", "the-stream-is-whole", lambda: stream(whole("idle", "stream.bin")[:-44])),
]


def beside(folder: Path, name: str, changed: Files) -> Path:
    """Lay out a recording in `folder`, some files changed."""
    for path in (FOLDER / name).iterdir():
        if not any(path.name.startswith(file) for file in changed):
            (folder / path.name).symlink_to(path)
    for file, data in changed.items():
        (folder / file).write_bytes(data)
    return folder


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: str(wrong.what))
def test_a_recording_made_wrong_is_rejected_for_its_reason(wrong: Wrong, tmp_path: Path) -> None:
    verdict = judge_xen(beside(tmp_path, wrong.of, wrong.change()))
    assert verdict.verdict == "violation", verdict.reason
    assert wrong.rule in {finding.rule for finding in verdict.findings}


# Files of another recording


@pytest.mark.parametrize("file", ["stream.bin", "src.mem", "bitmaps.bin", "logdirty.log", "times.txt", "xenperf.txt"])
@pytest.mark.parametrize(("name", "other"), [("idle", "fast"), ("fast", "traced"), ("traced", "idle")])
def test_a_file_of_another_recording_is_noticed(name: str, other: str, file: str, tmp_path: Path) -> None:
    verdict = judge_xen(beside(tmp_path, name, {file: whole(other, file)}))
    assert verdict.verdict != "accepted"
    assert verdict.reason or verdict.findings


def test_the_memory_of_another_run_is_noticed_by_its_domain_or_its_registers(tmp_path: Path) -> None:
    changed = {"src.mem": whole("fast", "src.mem")}
    assert "the memory of domain 7" in (judge_xen(beside(tmp_path, "idle", changed)).reason or "")
