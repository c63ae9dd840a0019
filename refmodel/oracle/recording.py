"""A recording: a stream or an event file, or a folder with a stream and what was recorded beside it.

In a folder: ``stream`` (what the destination was given), ``truth.json`` (both sides' memory at the cutover) and
``src.trace`` (QEMU's trace log, read only to know of a cancelled migration), each plain or ``.zst``, ``.xz``, ``.gz``.
Nothing else in it is read.
"""

from collections.abc import Iterator
from pathlib import Path

from refmodel.oracle.events import Abort, Event, Memory
from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd
from refmodel.oracle.readers.events_file import looks_like_events, read_events
from refmodel.oracle.readers.qemu_events import events_of
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.summary import summary
from refmodel.oracle.truth import read_truth
from refmodel.oracle.verdict import Verdict
from refmodel.unusable import Unusable

__all__ = ["FORMATS", "judge_recording"]

FORMATS = ("qemu", "events")
_SUFFIXES = ("", ".zst", ".xz", ".gz")
_QEMU_MAGIC = b"QEVM"


def _beside(folder: Path, *names: str) -> Path | None:
    for name in names:
        for suffix in _SUFFIXES:
            if (path := folder / (name + suffix)).exists():
                return path
    return None


def judge_recording(path: str, kind: str | None = None, truth: str | None = None) -> Verdict:
    """The verdict on a file, a folder or ``-`` (standard input); unusable input is a verdict too."""
    try:
        return _judge(path, kind, truth)
    except Unusable as error:
        return Verdict("unusable", reason=str(error))


def _judge(path: str, kind: str | None, truth: str | None) -> Verdict:
    folder = Path(path)
    cancelled = False
    name = path
    if path != "-" and _beside(folder if folder.is_dir() else folder.parent, "stream.mfd0"):
        raise Unusable(
            path, "multifd channels lie beside the stream, which are not read by this version", "one channel"
        )
    if path != "-" and folder.is_dir():
        found = _beside(folder, "stream", "events.ndjson")
        if found is None:
            raise Unusable(path, "neither a stream nor events.ndjson in this folder", "one of them (.zst, .xz, .gz)")
        name = str(found)
        if truth is None and (beside := _beside(folder, "truth.json")):
            truth = str(beside)
        if trace := _beside(folder, "src.trace"):
            cancelled = _was_cancelled(str(trace))
    memory = read_truth(truth) if truth else []
    judge = Judge(name)
    with open_input(name) as source:
        try:
            for event in _events(source, kind, memory):
                judge.take(event)
        except EarlyEnd as error:
            if cancelled:
                judge.take(Abort())
            else:
                judge.find("the-stream-is-whole", str(error))
        except BrokenStream as error:
            judge.find("the-stream-is-whole", str(error))
        else:
            judge.counts["the-stream-is-whole"] += 1
    return summary(judge)


def _events(source: ByteSource, kind: str | None, memory: list[Memory]) -> Iterator[Event]:
    start = source.peek(64)
    if kind is None:
        kind = "qemu" if start.startswith(_QEMU_MAGIC) else "events" if looks_like_events(start) else None
    if kind == "qemu":
        return events_of(read_stream(source), memory)
    if kind == "events":
        if memory:
            raise Unusable(source.name, "a truth beside an event file", "memory events in the file itself")
        return read_events(source)
    if start.startswith(b"Xen saved domain") or start.startswith(b"LibxlFmt"):
        raise Unusable(source.name, "a Xen stream, which is not read by this version", "a QEMU stream or events")
    raise Unusable(source.name, f"no known format (it begins {start[:8].hex(' ')})", "a QEMU stream or an event file")


def _was_cancelled(path: str) -> bool:
    """Whether QEMU's trace says that the migration was cancelled: its last state is ``cancelled``."""
    state = b""
    with open_input(path) as source:
        rest = b""
        while piece := source.read_some(1 << 16):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[-4096:]
            for line in lines:
                if b":migrate_set_state new state " in line:
                    state = line.rsplit(b" ", 1)[1].strip()
    return state == b"cancelled"
