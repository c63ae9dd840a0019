"""The fast judge says what the stepwise one says: on drawn events, files and streams; and the comparison can fail."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from fuzz.readers import faster
from fuzz.readers.limits import answer
from fuzz.readers.parts import pack
from fuzz.readers.table import TARGETS
from refmodel.fast import control, moves, screen
from refmodel.fast.columns import Words
from refmodel.fast.state import Flag, PageState
from refmodel.oracle.readers.compression import open_input
from refmodel.recordings import RECORDINGS
from tests.oracle.small_stream import STREAM

INPUTS = 250


def inputs(seed: int, count: int) -> list[bytes]:
    """Bytes of which most steps are likely ones, and most runs come to their end."""
    chance = Random(seed)
    found = []
    for _ in range(count):
        data = bytearray(chance.randbytes(chance.choice([9, 20, 40, 80, 160])))
        for at in range(1, len(data) - 1, 2):
            if data[at] >= 128 and chance.random() < 0.7:
                data[at] -= 128
        found.append(bytes(data))
    return found


_NEXT = bytes([128, 0])
"""The next step of the hand-over: a pause, then the commit, then the target runs."""


def one(kind: int, page: int, digest: int, more: bool = False) -> bytes:
    """An event of a page, as `faster.drawn` reads it: ``kind`` is a place in what is likely at that stage."""
    numbers = range(128, 256) if more else range(128)
    return bytes([kind, next(what for what in numbers if what % 5 == page and what // 5 % 3 == digest)])


def rare() -> list[bytes]:
    """What is hardly ever drawn: an owed page that comes with old contents, and one that varied with no truth."""
    stored, dropped, comes = one(3, 0, 1, more=True), one(3, 0, 0), one(0, 0, 0)
    late = [b"\x03", stored, _NEXT, dropped, _NEXT, _NEXT, comes, b"\0"]
    varied = [b"\x02", one(0, 0, 1), _NEXT, *(one(1, page, 0) for page in (3, 4)), _NEXT, _NEXT, b"\0"]
    return [b"".join(late), b"".join(varied)]


def test_drawn_events_have_the_same_verdict_in_lines_and_in_columns() -> None:
    said = [faster.events(data) for data in (*rare(), *inputs(1, INPUTS))]
    assert {verdict.split()[0] for verdict in said} == {"accepted", "violation", "unusable"}
    rules = {rule for verdict in said for rule in verdict.split()[1:]}
    assert rules >= {moves.LAST, moves.AGAIN, moves.HOLDS, moves.HAS, moves.WHERE, moves.SENT, "every-page-is-sent"}


def test_event_files_right_and_wrong_ones_have_the_same_verdict() -> None:
    target, chance = TARGETS["fast_lines"], Random(3)
    seeds = target.make()
    for data in seeds:
        faster.lines(data)
    for _ in range(150):
        answer(faster.lines, target.mutated(chance.choice(seeds), chance.choice(seeds), chance), 60)


@pytest.mark.parametrize("line", [b"-1", b"[]", b"null", b'"event"', b"{}", b'{"event": 1}', b"{", b'{"event":"send"}'])
def test_lines_that_are_no_events_have_the_same_verdict(line: bytes) -> None:
    begin = b'{"event":"begin","version":1,"blocks":[{"name":"ram","pages":1}]}'
    for lines in ((line,), (begin, line), (begin, b"", b'{"event":"release","block":"ram","pfn":7}', line)):
        assert faster.lines(b"\n".join(lines)).startswith("unusable")


def test_streams_right_and_wrong_ones_have_the_same_verdict() -> None:
    target, chance = TARGETS["fast_stream"], Random(4)
    seeds = target.make()
    for data in seeds:
        faster.stream(data)
    for _ in range(60):
        answer(faster.stream, target.mutated(chance.choice(seeds), chance.choice(seeds), chance), 60)


@pytest.mark.parametrize("recording", [r for r in RECORDINGS if r.source.startswith("qemu")], ids=lambda r: r.name)
def test_each_recording_of_qemu_has_the_same_verdict(recording: object) -> None:
    def content(name: str) -> bytes:
        with open_input(str(recording.path / name)) as source:  # type: ignore[attr-defined]
            return source.read_rest(1 << 28, name)

    said = faster.stream(pack([content("stream.xz"), content("truth.json.xz")]))
    assert said.startswith(recording.verdict)  # type: ignore[attr-defined]


def test_a_stream_cut_anywhere_has_the_same_verdict() -> None:
    for end in range(8, len(STREAM), 397):
        assert "the-stream-is-whole" in faster.stream(pack([STREAM[:end], b""]))


def forgets_variation(real: Callable[..., moves.Broken]) -> Callable[..., moves.Broken]:
    def sends(s: PageState, at: moves.Places, digest: Words, run: moves.Run) -> moves.Broken:
        yield from real(s, at, digest, run)
        s.flags[at] &= ~Flag.VARIED

    return sends


def loses_findings(real: Callable[..., moves.Broken]) -> Callable[..., moves.Broken]:
    def settle(*arguments: object) -> moves.Broken:
        for rule, lost in real(*arguments):
            yield rule, np.zeros_like(lost)

    return settle


def forgets_the_release(real: Callable[..., None]) -> Callable[..., None]:
    return lambda s, at: None


@pytest.mark.parametrize(
    ("place", "name", "wrong"),
    [
        (screen, "sends", forgets_variation),
        (control, "settle", loses_findings),
        (moves, "settle", loses_findings),
        (screen, "memories", loses_findings),
        (screen, "releases", forgets_the_release),
    ],
)
def test_a_fast_judge_that_errs_is_seen(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str, wrong: Callable[..., object]
) -> None:
    monkeypatch.setattr(place, name, wrong(getattr(place, name)))
    with pytest.raises(faster.Differs):
        _ = [faster.events(data) for data in (*rare(), *inputs(1, INPUTS))]
