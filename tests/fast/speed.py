"""The rows of ``make bench`` about line rate: each with its yardstick in the same run, on one core.

For streams that is a copy of the same number of bytes through memory; for events, the stepwise judge. Seconds are those
of the processor for this process, so that whatever else runs accuses nobody.
"""

import io
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from refmodel.fast.arrow import ArrowReading
from refmodel.fast.arrow_file import SCHEMA, ArrowWriter
from refmodel.fast.ndjson import EventReading
from refmodel.fast.screen import Screen
from refmodel.fast.verdict import judge_reading
from refmodel.oracle import events as e
from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.events_file import dumps, read_events
from tests.fast import synthetic

__all__ = ["SPEEDS", "nanoseconds", "peak"]

GIB = 1 << 30


def copied(size: int) -> float:
    """Seconds that a copy of so many bytes takes, from memory to memory (64 MiB at a time, past every cache)."""
    from_, to = np.ones(1 << 26, np.uint8), np.zeros(1 << 26, np.uint8)
    np.copyto(to, from_)
    began = time.process_time()
    for _ in range(size >> 26):
        np.copyto(to, from_)
    return time.process_time() - began


def streamed(make: Callable[[int, int], tuple[Any, int]]) -> Callable[[], tuple[float, str]]:
    """Gigabytes a second of a stream of 16 GiB (a guest of 1 GiB, 16 passes), its last contents compared."""

    def measure() -> tuple[float, str]:
        reading, length = make(1 << 18, 16)
        before = copied(length // 2)
        began = time.process_time()
        verdict = judge_reading(reading)
        took = time.process_time() - began
        assert verdict.verdict == "accepted", verdict.reason
        memcpy = length / (before + copied(length // 2)) / 1e9
        speed = length / took / 1e9
        return (
            speed,
            f"{length / GIB:.1f} GiB; memcpy {memcpy:.1f} GB/s in the same run, ratio {speed / memcpy:.2f} (>= 0.25)",
        )

    return measure


def _columnar(path: str, pages: int, rounds: int) -> int:
    """A columnar file: every page sent in each round, its memory at the stop; how many events."""
    writer = ArrowWriter(path, e.Begin(1, (e.Block("ram", pages),)))
    kinds = pa.array(["page"], pa.string())
    pfn = np.arange(pages, dtype=np.uint64)

    def write(code: int, count: int) -> None:
        for start in range(0, count, 1 << 16):
            some = pfn[start : start + (1 << 16)]
            rows, paged = len(some), code < 4
            known: dict[str, Any] = {"event": pa.array(np.full(rows if paged else 1, code, np.uint8))}
            if paged:
                known |= {"block": pa.array(np.zeros(rows, np.uint16)), "pfn": pa.array(some)}
                known["digest"] = pa.array(some * np.uint64(0x9E3779B97F4A7C15))
            if code == 3:
                known["side"] = pa.array(np.zeros(rows, np.uint8))
            size = rows if paged else 1
            nulls = {field.name: pa.nulls(size, field.type) for field in SCHEMA if field.name != "kind"}
            empty = pa.DictionaryArray.from_arrays(pa.nulls(size, pa.int16()), kinds)
            arrays = [known.get(name, empty if name == "kind" else nulls.get(name)) for name in SCHEMA.names]
            writer.write(pa.RecordBatch.from_arrays(arrays, schema=writer.schema))

    for _ in range(rounds):
        write(2, pages)
    for code, count in ((5, 1), (3, pages), (7, 1), (8, 1)):
        write(code, count)
    writer.close()
    return pages * (rounds + 1) + 4


def columnar() -> tuple[float, str]:
    """Events a second of a columnar event file, read from the page cache."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "e.arrow")
        count = _columnar(path, 1 << 20, 30)
        began = time.process_time()
        verdict = judge_reading(ArrowReading(path))
        took = time.process_time() - began
        assert verdict.verdict == "accepted", verdict.reason
        stepwise = _stepwise()
        return (
            count / took,
            f"{count:,} events; {count / took / stepwise:,.0f} times the stepwise judge (>= 10,000,000/s)",
        )


def _lines(count: int) -> bytes:
    pages = count // 4
    sends = [e.Send("ram", pfn, f"{pfn * 7919:016x}", "page", pfn * 4104) for pfn in range(pages)]
    memory = [e.Memory("source", "ram", pfn, f"{pfn * 7919:016x}") for pfn in range(pages)]
    events: list[e.Event] = [
        e.Begin(1, (e.Block("ram", pages),)),
        *sends * 3,
        e.Pause(),
        *memory,
        e.Commit(),
        e.Activate(),
    ]
    return dumps(events)


def _stepwise(count: int = 40_000) -> float:
    """Events a second of the stepwise oracle, from lines."""
    data = _lines(count)
    judge = Judge("-")
    began = time.process_time()
    for event in read_events(ByteSource(io.BytesIO(data), "-")):
        judge.take(event)
    return count / (time.process_time() - began)


def lines() -> tuple[float, str]:
    """Events a second of an event file in lines."""
    count = 1_000_000
    data = _lines(count)
    reading = EventReading("-", lambda: nullcontext(io.BytesIO(data)))
    began = time.process_time()
    verdict = judge_reading(reading)
    took = time.process_time() - began
    assert verdict.verdict == "accepted", verdict.reason
    return count / took, f"{count:,} events; {count / took / _stepwise():,.1f} times the stepwise judge (>= 150,000/s)"


def nanoseconds() -> list[float]:
    """What an event takes in traces of 10^5, 10^6, 10^7 and 10^8 events."""
    took = []
    for power in range(5, 9):
        began = time.process_time()
        Screen("synthetic").feed(synthetic.columns(1 << 16, 10**power))
        took.append((time.process_time() - began) / 10**power * 1e9)
    return took


def scale() -> tuple[float, str]:
    """Nanoseconds an event from 10^5 to 10^8 events: the ratio of the last to the first."""
    took = nanoseconds()
    each = ", ".join(f"10^{power}: {nanoseconds:.0f}" for power, nanoseconds in enumerate(took, 5))
    return took[-1] / took[0], f"ns an event, {each}"


def _peak(pages: int, sends: int) -> tuple[int, int, float]:
    began = time.process_time()
    screen = Screen("synthetic")
    screen.feed(synthetic.columns(pages, sends, 1 << 18))
    assert not screen.found
    compared = screen.judge.tally().compared["ram"]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, compared, time.process_time() - began


def peak(pages: int, sends: int) -> tuple[int, int, float]:
    """What a process holds at most that judges such a guest, in bytes; pages that were compared; CPU seconds."""
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        return fresh.submit(_peak, pages, sends).result()


def tebibyte() -> tuple[float, str]:
    """Gigabytes that the judge's process holds at most, interpreter and all, for a guest of 1 TiB."""
    pages = 1 << 28
    size, compared, took = peak(pages, pages + (1 << 22))
    assert compared == pages
    return size / 1e9, f"{pages:,} pages, {2 * pages + (1 << 22):,} events in {took:.0f} CPU seconds (<= 6.5 GB)"


SPEEDS: dict[str, tuple[str, Callable[[], tuple[float, str]]]] = {
    "stream-qemu": ("GB/s", streamed(synthetic.qemu)),
    "stream-xen": ("GB/s", streamed(synthetic.xen)),
    "columns": ("events/s", columnar),
    "lines": ("events/s", lines),
    "scale": ("ratio", scale),
    "tebibyte": ("GB", tebibyte),
}
"""By name, with its unit."""
