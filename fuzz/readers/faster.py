"""The fast judge against the stepwise one: the same verdict, to the letter, on the same events.

``events`` makes events of bytes, each a step of a small migration, mostly in an order that makes sense: pages that are
named again and again, in columns of a few rows. ``lines`` and ``stream`` take files, right and wrong ones.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from attrs import evolve

from fuzz.readers.parts import unpack
from fuzz.readers.reading import scratch
from refmodel.fast.arrow import ArrowReading
from refmodel.fast.convert import convert
from refmodel.fast.images import Truth
from refmodel.fast.ndjson import EventReading
from refmodel.fast.qemu import DELTAS, QemuReading
from refmodel.fast.screen import STEPWISE
from refmodel.fast.verdict import judge_reading
from refmodel.oracle import events as e
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.explaining import THE_RULE
from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.readers.events_file import dumps
from refmodel.oracle.readers.qemu_events import events_of
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.summary import verdict_of
from refmodel.oracle.truth import read_truth
from refmodel.oracle.verdict import Unchecked, Verdict
from refmodel.unusable import Unusable

__all__ = ["Differs", "drawn", "events", "lines", "stream"]

_BLOCKS = (e.Block("ram", 3), e.Block("rom", 2))
_DIGESTS = ("0123456789abcdef", "f" * 16, "not sixteen digits")
_MOST_PAGES = 1 << 20
_LONGEST = 401
"""Bytes that are made events of: two hundred show as much as thousands."""


class Differs(Exception):
    """The two do not say the same."""


def drawn(data: bytes) -> Iterator[e.Event]:
    """Events of bytes: what kind of run it is, then two for each event, what it is and of which page."""
    form = data[0] if data else 0
    yield e.Begin(1, _BLOCKS, "all" if form & 1 else "some")
    pages = [(block.name, pfn) for block in _BLOCKS for pfn in range(block.pages)]
    if form & 2:
        yield from (e.Send(*page, _DIGESTS[0]) for page in pages)
    stage = 0
    for at in range(1, len(data) - 1, 2):
        kind, what = data[at], data[at + 1]
        if kind >= 248 or (kind >= 128 and kind % 16 == 0):
            rare = _ANYWHERE if kind < 255 else _OF_HOSTS
            yield _HAND_OVER[stage % 4] if kind < 248 else rare[what % len(rare)]
            stage += kind < 248
            continue
        page, digest = pages[what % 5], _DIGESTS[what // 5 % 3]
        likely = _LIKELY[min(stage, 4)] if kind < 128 else "sSTrmMod"
        yield _event(likely[kind % len(likely)], page, digest, at, what >= 128)
    if form & 4:
        if stage < 2:
            yield from _HAND_OVER[stage:1]
            if not form & 32:
                yield from (e.Memory("source", *page, _DIGESTS[form >> 4 & 1]) for page in pages)
            stage = 1
        yield from _HAND_OVER[stage : 4 if form & 8 else 3]


_HAND_OVER = (e.Pause(), e.Commit(), e.Activate(), e.Done())
_ANYWHERE = (*_HAND_OVER, e.Commit(context=False), e.Abort(), e.Memory("source", "ram", 3, "a"), e.Begin(1, ()))
_OF_HOSTS = (
    *(e.Abort(runs=False), e.Acknowledge(), e.Destroy(), e.Fence(), e.Lost(), e.Images("source", False)),
    *(e.Logging(True), e.Logging(False), e.Logging(True, "devices"), e.Reserve(True), e.Reserve(False), e.Configure()),
)
_LIKELY = ("sssSSSro", "smMdso", "mMd", "sssTTTrd", "sTTr")
"""What mostly comes while the guest runs at the source, is paused, is handed over, runs at the target, is done."""


def _event(kind: str, page: tuple[str, int], digest: str, offset: int, more: bool) -> e.Event:
    match kind:
        case "s":
            return e.Send(*page, digest, "zero" if more else "page", offset)
        case "S":
            return e.Store(*page, digest if more else None)
        case "T":
            return e.Store(*page, digest if more else None, "target")
        case "r":
            return e.Release(*page)
        case "m":
            return e.Memory("source", *page, digest)
        case "M":
            return e.Memory("target", *page, digest)
        case "d":
            return e.Discard(*page, 1 + more)
        case _:
            return e.Round()


def _same(stepwise: Verdict, fast: Verdict, how: str) -> None:
    a, b = stepwise.as_json(), fast.as_json()
    if a != b:
        parts = [name for name in a if a[name] != b[name]]
        first = parts[0]
        raise Differs(f"{how}: {first} is {str(b[first])[:600]} and stepwise {str(a[first])[:600]}")


def _opens(data: bytes) -> Callable[[], Any]:
    return lambda: nullcontext(io.BytesIO(data))


def _lines(data: bytes, rows: int) -> Verdict:
    path = str(scratch() / "events.ndjson")
    Path(path).write_bytes(data)
    stepwise = judge_recording(path, "events")
    fast = judge_reading(EventReading(path, _opens(data), rows=rows))
    if fast.reason and ("to keep state of" in fast.reason or STEPWISE in fast.reason):
        return stepwise  # more pages than there is memory for, or checkpoints
    _same(stepwise, fast, f"lines, {rows} rows at a time")
    return stepwise


def events(data: bytes) -> str:
    """Events, as lines, a few and many rows at a time, and as columns."""
    data = data[:_LONGEST]
    written = dumps(drawn(data))
    stepwise = _lines(written, 1 + data[-1] % 7 if data else 1)
    _lines(written, 1 << 14)
    path, columns = str(scratch() / "events.ndjson"), str(scratch() / "events.arrow")
    try:
        convert(path, columns)
        fast = judge_reading(ArrowReading(columns))
    except Unusable as error:  # a second begin, which columns do not know
        fast = Verdict("unusable", reason=str(error))
    if stepwise.verdict == "unusable" and stepwise.findings == () and fast.verdict == "unusable":
        return _said(stepwise)  # the reason names the file
    _same(stepwise, fast, "columns")
    return _said(stepwise)


def lines(data: bytes) -> str:
    """An event file."""
    return _said(_lines(data, 3))


def stream(data: bytes) -> str:
    """A stream of QEMU with its truth."""
    bytes_of, truth = unpack(data, 2)
    path = scratch() / "truth.json"
    path.write_bytes(truth)
    memory = read_truth(str(path)) if truth else []
    try:
        stepwise = _stepwise(bytes_of, memory)
    except Unusable as error:
        stepwise = Verdict("unusable", reason=str(error))
    except _Large:
        return "large"
    remembered = (Truth(memory),) if memory else ()
    for deltas in (False, True):
        fast = judge_reading(QemuReading("-", _opens(bytes_of), remembered, deltas))
        if fast.reason is None or DELTAS not in fast.reason:
            break
    _same(stepwise, fast, "stream")
    return _said(stepwise)


class _Large(Exception):
    """More pages than are worth an array."""


def _stepwise(data: bytes, memory: list[e.Memory]) -> Verdict:
    judge = Judge("-")
    try:
        for event in events_of(read_stream(ByteSource(io.BytesIO(data), "-")), memory):
            judge.take(event)
            if judge.pages.total > _MOST_PAGES:
                raise _Large
    except BrokenStream as error:
        judge.find("the-stream-is-whole", str(error))
    else:
        judge.counts["the-stream-is-whole"] += 1
    verdict = verdict_of(Evidence(judge))
    return evolve(verdict, unchecked=(*verdict.unchecked, Unchecked(THE_RULE.name, f"needs {THE_RULE.needs}")))


def _said(verdict: Verdict) -> str:
    """What guides the fuzzer."""
    return f"{verdict.verdict} {' '.join(sorted({found.rule for found in verdict.findings}))}"
