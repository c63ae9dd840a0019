"""``make bench``: how fast the parts are, in one run, beside a yardstick of plain Python in the same run.

Machines are noisy: compare the ratios (the figure over the yardstick's), not the figures. Nothing here is a test.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import attrs
from attrs import evolve
from rich.console import Console
from rich.table import Table

from refmodel.compose import build, chosen
from refmodel.machines import MACHINES, machine
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.recording import judge_recording
from refmodel.recordings import RECORDINGS
from refmodel.search.seed_space import sizes_for
from refmodel.seed import Seed
from tests.fast.speed import SPEEDS
from tests.fuzz.runs_a_second import cost_of_feedback, guided, runs_a_second, unguided
from tests.mixed import SIZES, mixed, steps_a_second


def yardstick() -> float:
    """Plain Python: persistent updates of a 16-tuple in a CPU second."""
    cells: tuple[int, ...] = (0,) * 16
    n = 300_000
    began = time.process_time()
    for i in range(n):
        at = i & 15
        cells = (*cells[:at], i, *cells[at + 1 :])
    return n / (time.process_time() - began)


def steps_of(name: str) -> Callable[[], tuple[float, str]]:
    """A machine's steps a CPU second over the mix, and what the mix came to; 16 pages, 2 vCPUs."""

    def measure() -> tuple[float, str]:
        spec = machine(name)
        schedules = mixed(spec, 50_000)
        return steps_a_second(spec, schedules), schedules.shares

    return measure


def parts_left_out() -> tuple[float, str]:
    """What it costs the seed machine that other machines have more parts: its own class against one put together.

    The same steps of the same schedules, taken in turn by both, so that noise strikes both alike.
    """
    written, composed = machine("seed"), build("composed", chosen("seed")[1])()
    schedules = mixed(written, 50_000)
    start = composed.start({**sizes_for(written, SIZES)})
    other = evolve(schedules, start=_same_as(schedules.start, start))
    pairs = [(steps_a_second(written, schedules, 1), steps_a_second(composed, other, 1)) for _ in range(5)]
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    return ratios[len(ratios) // 2], "seed, written out, over the same parts put together: 1 is no difference"


def _same_as(state: Any, like: Any) -> Any:
    """The state as one of another class with the same fields."""
    return like.but(**{field.name: getattr(state, field.name) for field in attrs.fields(type(state))})


def recordings_a_second() -> tuple[float, str]:
    """The bundled recordings: megabytes of stream judged in a second."""
    size = 0
    began = time.perf_counter()
    for recording in RECORDINGS:
        judge_recording(str(recording.path))
        [stream] = recording.path.glob("stream*")
        with open_input(str(stream)) as source:
            size += len(source.read_rest(1 << 30, "the stream"))
    return size / 1e6 / (time.perf_counter() - began), f"{len(RECORDINGS)} recordings, {size / 1e6:.1f} MB"


def proofs_a_second() -> tuple[float, str]:
    """The whole proof of ``seed``: obligations a second of solving."""
    from proofs.prove import prove_all

    report = prove_all(Seed())
    return len(
        report.records
    ) / report.seconds, f"{len(report.records):,} obligations, {report.seconds:.2f} s of solving"


def searches_a_second() -> tuple[float, str]:
    """The peers' small protocol, six pages, with symmetry: states a second (SPIN without: 5,801,664 states in 19 s)."""
    from refmodel.search.explore import explore
    from refmodel.search.space import Space
    from tests.peer.protocol import Searched

    sizes = {"pfn": 6, "value": 2}
    spec = Searched()
    found = explore(Space(spec, sizes, spec.start(sizes), ("pfn",)))
    return found.states / found.seconds, f"{found.states:,} states in {found.seconds:.2f} s"


BENCHES: dict[str, tuple[str, Callable[[], tuple[float, str]]]] = {
    **{f"steps-{name}": ("steps/s", steps_of(name)) for name in MACHINES},
    "parts": ("ratio", parts_left_out),
    "proofs": ("obligations/s", proofs_a_second),
    "search": ("states/s", searches_a_second),
    "oracle": ("MB/s", recordings_a_second),
    "fuzz-runs": ("runs/s", lambda: runs_a_second(guided)),
    "fuzz-runs-unguided": ("runs/s", lambda: runs_a_second(unguided)),
    **{f"fuzz-feedback-{name}": ("ratio", partial(cost_of_feedback, name)) for name in MACHINES},
    **SPEEDS,
}


def measured(names: list[str]) -> Iterator[dict[str, object]]:
    """Each bench with the yardstick taken right beside it."""
    for name in names:
        unit, bench = BENCHES[name]
        before = yardstick()
        figure, detail = bench()
        ruler = (before + yardstick()) / 2
        yield {
            "bench": name,
            "figure": figure,
            "unit": unit,
            "yardstick": ruler,
            "ratio": figure / ruler,
            "detail": detail,
        }


def _named(given: str) -> list[str]:
    """The bench of this name, or those whose names begin so."""
    found = [given] if given in BENCHES else [name for name in BENCHES if name.startswith(given)]
    if not found:
        raise SystemExit(f"no bench is called {given}, or begins so; there are {', '.join(BENCHES)}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", nargs="*", help="which ones, or what their names begin with; all by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    table = Table(title="bench; yardstick: persistent updates of a 16-tuple a second")
    for column in ("bench", "figure", "unit", "yardstick", "ratio", "detail"):
        table.add_column(column)
    for row in measured([name for given in options.bench or [""] for name in _named(given)]):
        if options.json:
            sys.stdout.write(json.dumps(row) + "\n")
            continue
        cells = (
            row["bench"],
            f"{row['figure']:,.2f}" if row["unit"] in ("ratio", "GB", "GB/s") else f"{row['figure']:,.0f}",
            row["unit"],
            f"{row['yardstick']:,.0f}",
            f"{row['ratio']:.4f}",
            row["detail"],
        )
        table.add_row(*map(str, cells))
    if not options.json:
        Console().print(table)


if __name__ == "__main__":
    main()
