"""What each target does with an input: hand it to a reader, to the end. What may end it otherwise, says ``limits``."""

import io
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory

from fuzz.readers.parts import unpack
from refmodel.oracle.readers import qemu_stream, qemu_trace, vmdescription
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import decompressed
from refmodel.oracle.readers.events_file import read_events
from refmodel.oracle.readers.qemu_events import events_of
from refmodel.oracle.readers.qemu_stores import read_stores
from refmodel.oracle.truth import read_truth
from refmodel.oracle.xen import arrival, harvests, memory_image, perf_counters, shadow_files, trace, wrapper
from refmodel.schedules import schedule
from refmodel.unusable import Unusable

__all__ = [
    "arrivals", "compressed", "counters", "description", "events", "goes_however_it_ends", "image", "log_and_bitmaps",
    "qemu_channels", "qemu_main", "registers", "schedules", "scratch", "stores", "tables", "traced", "truth",
    "xen_main", "xentrace",
]  # fmt: skip

_MOST_DECOMPRESSED = 16 << 20


def _source(data: bytes, name: str = "input") -> ByteSource:
    return ByteSource(io.BytesIO(data), name)


def _all(items: Iterable[object]) -> None:
    for _ in items:
        pass


@cache
def _folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="refmodel-fuzz-")


def scratch() -> Path:
    """A folder of this process, gone when it ends, for readers that take paths."""
    return Path(_folder().name)


def goes_however_it_ends() -> Popen[bytes]:
    """Have the folder removed also where the process ends without Python's knowledge: killed, or by libFuzzer's exit.

    What is returned waits for that, and has to be kept until then.
    """
    command = ["sh", "-c", 'read -r _; rm -rf -- "$0"', str(scratch())]
    return Popen(command, stdin=PIPE, start_new_session=True)


def qemu_main(data: bytes) -> None:
    """A stream, as records and as events."""
    _all(events_of(qemu_stream.read_stream(_source(data), keep_bytes=True)))


def qemu_channels(data: bytes) -> None:
    """A stream and its multifd channels; a channel of no bytes is none."""
    main, *rest = unpack(data, 3)
    channels = [_source(part, f"channel {number}") for number, part in enumerate(rest) if part]
    _all(events_of(qemu_stream.read_stream(_source(main), channels)))


def traced(data: bytes) -> None:
    """A trace log of QEMU."""
    _all(qemu_trace.Trace(_source(data)).events())


def stores(data: bytes) -> None:
    """A store log."""
    _all(read_stores(_source(data)))


def truth(data: bytes) -> None:
    """A truth."""
    path = scratch() / "truth.json"
    path.write_bytes(data)
    read_truth(str(path))


def description(data: bytes) -> None:
    """A vmdescription's JSON."""
    try:
        vmdescription.parse(data)
    except vmdescription.DescriptionError as error:  # the stream's reader makes a BrokenStream of it
        raise Unusable("vmdescription", str(error), "devices") from None


def events(data: bytes) -> None:
    """An event file."""
    _all(read_events(_source(data)))


def schedules(data: bytes) -> None:
    """A schedule."""
    schedule.loads(data, "input")


def compressed(data: bytes) -> None:
    """Compressed bytes, as far as a recording of some size would go."""
    source = decompressed(io.BytesIO(data), "input")
    while source.offset < _MOST_DECOMPRESSED and source.read_some(1 << 16):
        pass


def xen_main(data: bytes) -> None:
    """A stream of Xen."""
    _all(wrapper.read_stream(_source(data)))


def image(data: bytes) -> None:
    """A memory image, every page of it in the form in which it travels."""
    found = memory_image.read_image(_source(data), {0, 1, 2})
    for pfn in found.kept:
        found.travelling(pfn)


def log_and_bitmaps(data: bytes) -> None:
    """The call log with the bitmaps that it counts."""
    paths = [scratch() / name for name in ("calls", "bitmaps", "peeks")]
    parts = unpack(data, 3)
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(part)
    log, bitmaps, peeks = (path if part else None for path, part in zip(paths, parts, strict=True))
    harvests.read_harvests(log or paths[0], bitmaps, peeks)


def _whole(reader: Callable[[ByteSource], object]) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        reader(_source(data))

    return read


xentrace = _whole(trace.read_trace)
counters = _whole(perf_counters.read_counters)
tables = _whole(shadow_files.read_tables)
registers = _whole(shadow_files.read_registers)
arrivals = _whole(arrival.read_arrivals)
