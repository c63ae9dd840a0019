"""From a path to a reading: which format it is, and what it is compared with."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve

from refmodel.fast.arrow import ArrowReading
from refmodel.fast.convert import is_arrow
from refmodel.fast.images import Image, Remembered, Truth
from refmodel.fast.ndjson import EventReading
from refmodel.fast.qemu import DELTAS, QemuReading
from refmodel.fast.screen import STEPWISE
from refmodel.fast.verdict import Reading, judge_reading
from refmodel.fast.xen import XenMemory, XenReading
from refmodel.oracle.qemu.recording import looks_like_qemu
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import beside, decompressed, open_input
from refmodel.oracle.readers.events_file import looks_like_events
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.truth import read_truth
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen import looks_like_xen
from refmodel.unusable import Unusable

__all__ = ["images_of", "judge_path", "opens"]

_PACKED = (b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"\x1f\x8b")


class _Source:
    """A byte source as a file, for what has to be unpacked."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""
        return self._source.read_some(size)


def opens(path: str) -> Callable[[], AbstractContextManager[Any]]:
    """Opens the file, unpacked if it is packed; without a layer between where it is not."""

    @contextmanager
    def opened() -> Iterator[Any]:
        try:
            file = Path(path).open("rb", buffering=0)  # noqa: SIM115 - closed below
            start = file.read(6)
            file.seek(0)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Unusable(path, f"the file cannot be opened ({reason})", "a readable file") from None
        with file:
            if start.startswith(_PACKED):
                with open_input(path) as source:
                    yield _Source(source)
            else:
                yield file

    return opened


def images_of(ram: Sequence[str], block: str = "pc.ram") -> list[Image]:
    """The source's memory by ``--ram``."""
    found = []
    for given in ram:
        name, _, path = given.rpartition("=")
        found.append(Image(name or block, path, opens(path)))
    return found


def judge_path(path: str, ram: Sequence[str] = (), truth: str | None = None, deltas: bool = False) -> Verdict:
    """The verdict on a file, a folder, or ``-``; unusable input is a verdict too."""
    try:
        reading = _reading(path, ram, truth, deltas)
        verdict = judge_reading(reading)
        if isinstance(reading, QemuReading) and not deltas and DELTAS in (verdict.reason or "") and reading.again:
            verdict = judge_reading(evolve(reading, deltas=True))
        if STEPWISE in (verdict.reason or "") and isinstance(reading, EventReading) and reading.again:
            verdict = judge_recording(reading.where, "events")
    except Unusable as error:
        return Verdict("unusable", reason=str(error))
    return verdict


def _reading(path: str, ram: Sequence[str], truth: str | None, deltas: bool) -> Reading:
    folder: Path | None = None
    if path != "-" and Path(path).is_dir():
        folder = Path(path)
        found = beside(folder, "stream", "stream.bin", "events.ndjson", "events.arrow")
        if found is None:
            expected = "stream, stream.bin, events.ndjson or events.arrow"
            raise Unusable(path, "no recording in this folder", expected)
        if any(folder.glob("stream.mfd*")):
            raise Unusable(path, "multifd channels", "one stream, or refmodel oracle without --fast")
        path = str(found)
        known = beside(folder, "truth.json")
        truth = truth or (str(known) if known and not ram else None)
    if path == "-":
        start, opened = _standard_input()
    else:
        if is_arrow(path):
            return _alone(ArrowReading(path), ram, truth)
        opened = opens(path)
        with opened() as file:
            start = bytes(file.read(64))
    again = path != "-"
    if looks_like_qemu(start):
        memory: list[Remembered] = [*images_of(ram)]
        if truth:
            memory.append(Truth(read_truth(truth)))
        return QemuReading(path, opened, memory, deltas, again)
    if looks_like_xen(start):
        return XenReading(path, opened, _xen_memory(folder, ram, truth), again)
    if looks_like_events(start):
        return _alone(EventReading(path, opened, again), ram, truth)
    begins = start[:8].hex(" ") or "with nothing"
    expected = "a stream of QEMU or of Xen, or an event file"
    raise Unusable(path, f"no known format (it begins {begins})", expected)


def _alone(reading: Reading, ram: Sequence[str], truth: str | None) -> Reading:
    if ram or truth:
        raise Unusable(reading.where, "memory beside an event file", "memory events in the file itself")
    return reading


def _xen_memory(folder: Path | None, ram: Sequence[str], truth: str | None) -> list[XenMemory]:
    if truth:
        raise Unusable(truth, "a truth beside a stream of Xen", "memory images (src.mem, dst.mem) in its folder")
    found = [XenMemory("source", given.rpartition("=")[2], True) for given in ram]
    for side, name in (("source", "src.mem"), ("target", "dst.mem")):
        image = beside(folder, name) if folder else None
        if image is not None and not (ram and side == "source"):
            found.append(XenMemory(side, str(image), False))
    return found


def _standard_input() -> tuple[bytes, Callable[[], AbstractContextManager[Any]]]:
    source = decompressed(sys.stdin.buffer, "-")
    start = source.peek(64)

    @contextmanager
    def opened() -> Iterator[Any]:
        yield _Source(source)

    return start, opened
