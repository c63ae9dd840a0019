"""A recording of QEMU: a stream, its multifd channels, and what was recorded beside it.

In a folder, each plain or ``.zst``, ``.xz``, ``.gz``: ``stream`` (what the destination was given), ``stream.mfd0`` and
so on (its multifd channels), ``truth.json`` (both sides' memory at the cutover), ``src.trace``, ``dst.trace`` (QEMU's
trace logs) and ``writes.csv`` (a store log). Nothing else in it is read, nor its name.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from refmodel.oracle.events import Abort, Memory
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.qemu.companions import Companions
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd
from refmodel.oracle.readers.qemu_events import events_of
from refmodel.oracle.readers.qemu_records import Record
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.unusable import Unusable

__all__ = ["judge_qemu"]

_MOST_CHANNELS = 16


def judge_qemu(source: ByteSource, folder: Path | None, memory: list[Memory]) -> Evidence:
    """Judge the stream with what lies in the folder beside it; ``memory`` is the truth, if there is one."""
    judge = Judge(source.name)
    known = {(m.block, m.pfn): m.digest for m in memory if m.side == "source"}
    with ExitStack() as stack:
        names = _channels(folder) if folder else []
        channels = [stack.enter_context(open_input(str(path))) for path in names]
        records: Iterable[Record] = read_stream(source, channels, keep_bytes=folder is not None)
        beside = Companions(folder, known) if folder else None
        broken: BrokenStream | None = None
        try:
            for event in events_of(beside.watch(records) if beside else records, memory):
                judge.take(event)
        except BrokenStream as error:
            broken = error
    report = beside.report() if beside else None
    if broken is None:
        judge.counts["the-stream-is-whole"] += 1
    elif isinstance(broken, EarlyEnd) and report is not None and report.state == "cancelled":
        judge.take(Abort())
    else:
        judge.find("the-stream-is-whole", str(broken))
    if report is None:
        return Evidence(judge)
    return Evidence(judge, report.findings, report.checked, report.unchecked, report.notes)


def _channels(folder: Path) -> list[Path]:
    found = sorted(folder.glob("stream.mfd*"))
    if len(found) > _MOST_CHANNELS:
        raise Unusable(str(folder), f"{len(found)} multifd channels", f"at most {_MOST_CHANNELS}")
    return found
