"""A recording of QEMU: a stream, its multifd channels, and what was recorded beside it.

In a folder, each plain or ``.zst``, ``.xz``, ``.gz``: ``stream`` (what the destination was given), ``stream.mfd0`` and
so on (its multifd channels), ``truth.json`` (both sides' memory at the cutover), ``src.trace``, ``dst.trace`` (QEMU's
trace logs) and ``writes.csv`` (a store log). Nothing else in it is read, nor its name.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from attrs import evolve

from refmodel.oracle.events import Abort
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.formats import Opened
from refmodel.oracle.qemu.companions import Companions
from refmodel.oracle.qemu.stories import first_places, read_stories
from refmodel.oracle.qemu.through_kvm_qemu import Through, through_kvm_qemu
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd
from refmodel.oracle.readers.qemu_events import events_of
from refmodel.oracle.readers.qemu_records import Record
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_trace import Trace
from refmodel.oracle.readers.qemu_traced import Traced
from refmodel.unusable import Unusable

__all__ = ["judge_qemu", "looks_like_qemu"]

_MOST_CHANNELS = 16
_MAGIC = b"QEVM"
_GIVEN_UP = ("cancelled", "failed")


def looks_like_qemu(start: bytes) -> bool:
    """Whether an input that begins so is a migration stream of QEMU."""
    return start.startswith(_MAGIC)


def judge_qemu(opened: Opened) -> Evidence:
    """Judge the stream with what lies in the folder beside it."""
    judge, folder, memory = opened.judge, opened.folder, opened.memory
    known = {(m.block, m.pfn): m.digest for m in memory if m.side == "source"}
    companions = Companions(folder, known) if folder else None
    broken: BrokenStream | None = None
    with ExitStack() as stack:
        records = _records(opened.source, folder, stack, keep_bytes=folder is not None)
        try:
            for event in events_of(companions.watch(records) if companions else records, memory):
                judge.take(event)
        except BrokenStream as error:
            broken = error
    report = companions.report() if companions else None
    facts = companions.facts if companions else None
    if broken is None:
        judge.counts["the-stream-is-whole"] += 1
    elif isinstance(broken, EarlyEnd) and facts is not None and facts.state in _GIVEN_UP:
        judge.take(Abort(runs=not facts.stays_stopped))
    else:
        judge.find("the-stream-is-whole", str(broken))
    if report is None:
        return Evidence(judge)
    through = _through(companions, folder, judge.number) if companions and folder else Through()
    evidence = Evidence(
        judge,
        (*report.findings, *through.findings),
        (*report.checked, *through.checked),
        (*report.unchecked, *through.unchecked),
        report.notes,
    )
    return _with_stories(evidence, opened)


def _through(found: Companions, folder: Path, number: int) -> Through:
    """What the machine `kvm-qemu` says of it; the stream ended with event `number`."""
    with ExitStack() as stack:
        events: Iterable[Traced] = ()
        if found.facts is not None and (trace := beside(folder, "src.trace")):
            events = Trace(stack.enter_context(open_input(str(trace)))).events()
        return through_kvm_qemu(found.taken, found.facts, events, whole=found.whole, number=number)


def _with_stories(evidence: Evidence, opened: Opened) -> Evidence:
    """The evidence with the stories of its pages, where a trace tells the times."""
    judge, folder = evidence.judge, opened.folder
    findings = (*judge.findings, *evidence.findings)
    places = first_places(findings, opened.asked)
    trace = beside(folder, "src.trace") if folder else None
    if folder is None or trace is None or not (places or findings) or judge.begin is None:
        return evidence
    stores = beside(folder, "writes.csv")
    try:
        with ExitStack() as stack:
            source = stack.enter_context(open_input(opened.source.name))
            records = _records(source, folder, stack, keep_bytes=False)
            opens = partial(open_input, str(stores)) if stores else None
            stories = read_stories(places, partial(open_input, str(trace)), opens, records, judge)
    except Unusable:
        return evidence  # e.g. a store log that nothing was concluded from, so that it was not read before
    completed = stories.completed(findings)
    judge.findings[:] = completed[: len(judge.findings)]
    asked = stories.of(opened.asked) if opened.asked else ()
    return evolve(evidence, findings=completed[len(judge.findings) :], asked=asked)


def _records(source: ByteSource, folder: Path | None, stack: ExitStack, keep_bytes: bool) -> Iterable[Record]:
    names = _channels(folder) if folder else []
    channels = [stack.enter_context(open_input(str(path))) for path in names]
    return read_stream(source, channels, keep_bytes=keep_bytes)


def _channels(folder: Path) -> list[Path]:
    found = sorted(folder.glob("stream.mfd*"))
    if len(found) > _MOST_CHANNELS:
        raise Unusable(str(folder), f"{len(found)} multifd channels", f"at most {_MOST_CHANNELS}")
    return found
