"""Xen's stream in columns: the promise's rules say what they say stepwise, on recordings and on wrong streams."""

import io
from contextlib import nullcontext
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from fuzz.readers import xen_seeds
from fuzz.readers.table import TARGETS
from refmodel.fast.inputs import judge_path
from refmodel.fast.verdict import judge_reading
from refmodel.fast.xen import XenMemory, XenReading
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.rules import RULES
from refmodel.oracle.verdict import Verdict
from refmodel.recordings import RECORDINGS
from tests.oracle.xen import xen_writer as writer

XEN = [recording for recording in RECORDINGS if recording.source.startswith("xen")]


def promised(verdict: Verdict) -> tuple[object, ...]:
    """What the promise's rules say."""
    findings = [found for found in verdict.findings if found.rule in RULES]
    return findings, [
        each for each in verdict.checked if each.rule in RULES and each.rule != "the-target-holds-what-was-sent"
    ]


@pytest.mark.parametrize("recording", XEN, ids=lambda recording: recording.name)
def test_each_recording_of_xen_is_judged_alike(recording: object) -> None:
    path = str(recording.path)  # type: ignore[attr-defined]
    stepwise, fast = judge_recording(path), judge_path(path)
    assert fast.verdict == recording.verdict  # type: ignore[attr-defined]
    assert promised(fast) == promised(stepwise)


def folders() -> list[dict[str, bytes]]:
    return [
        {name: found[name] for name in ("stream.bin", "src.mem") if name in found} for found in xen_seeds.recordings()
    ]


def test_wrong_streams_are_judged_alike_with_the_stories_of_their_pages(tmp_path: Path) -> None:
    target, chance, said = TARGETS["xen_stream"], Random(5), set()
    seeds = [found for found in folders() if "src.mem" in found]
    for number in range(60):
        found = chance.choice(seeds)
        stream = found["stream.bin"]
        if number >= len(seeds):
            stream = target.mutated(stream, chance.choice(seeds)["stream.bin"], chance)
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "stream.bin").write_bytes(stream)
        (folder / "src.mem").write_bytes(found["src.mem"])
        stepwise, fast = judge_recording(str(folder)), judge_path(str(folder))
        said.add(fast.verdict)
        if stepwise.verdict == "unusable":
            continue  # of a misfit among the companions, too
        assert promised(fast) == promised(stepwise), folder
    assert said >= {"accepted", "violation"}


def plain(pages: int, passes: int) -> tuple[bytes, NDArray[np.uint8]]:
    """A guest without page tables, as a stream, and what it has in the end."""
    draw = np.random.default_rng(1)
    memory = draw.integers(0, 256, (pages, 4096), np.uint8)
    parts = [writer.libxc_header(), writer.record(2, b"\x08\x04" + bytes(6)), p2m(pages)]
    for number in range(passes):
        pfns = range(pages) if number == 0 else sorted(map(int, draw.choice(pages, pages // 3, False)))
        for pfn in pfns if number else ():
            memory[pfn] = draw.integers(0, 256, 4096, np.uint8)
        entries = [(pfn, 0, memory[pfn].tobytes()) for pfn in pfns]
        parts += [writer.page_data(entries[at : at + 1024]) for at in range(0, len(entries), 1024)]
    parts += [writer.record(7, bytes(4096)), writer.record(4, bytes(8 + 5168)), writer.record(0)]
    return b"".join([*parts, writer.HANDSHAKE]), memory


def p2m(pages: int) -> bytes:
    frames = (pages - 1) // 512 + 1
    return writer.record(3, np.array([0, pages - 1], "<u4").tobytes() + np.arange(frames, dtype="<u8").tobytes())


def reading(stream: bytes, memory: bytes, again: bool = True) -> XenReading:
    raw = XenMemory("source", "ram", True, lambda: nullcontext(io.BytesIO(memory)))
    return XenReading("stream", lambda: nullcontext(io.BytesIO(stream)), [raw], again)


def test_the_last_contents_are_compared_with_raw_memory() -> None:
    stream, memory = plain(1500, 3)
    right = judge_reading(reading(stream, memory.tobytes()))
    assert right.verdict == "accepted", right.reason
    counted = {each.rule: each.count for each in right.checked}
    assert counted["the-last-store-arrives"] == 1500
    memory[[7, 1400], 9] ^= 1
    wrong = judge_reading(reading(stream, memory.tobytes()))
    assert [found.pfn for found in wrong.findings] == [7, 1400]
    assert all(any("sent" in line for line in found.story) for found in wrong.findings)
    once = judge_reading(reading(stream, memory.tobytes(), again=False))
    assert [found.pfn for found in once.findings] == [7, 1400]
    assert not once.findings[0].story
    assert "only once" in once.notes[0]


def test_raw_memory_of_a_guest_with_page_tables_is_refused(tmp_path: Path) -> None:
    with open_input(str(next(XEN[0].path.glob("stream.bin*")))) as source:
        stream = source.read_rest(1 << 28, "stream")
    verdict = judge_reading(reading(stream, b""))
    assert verdict.verdict == "unusable"
    assert "src.mem" in str(verdict.reason)
