"""Run the targets in plain Python, without atheris: ``python -m fuzz.readers.campaign --inputs N --seed S``.

What guides it is the answer: an input that the reader answers as no input before it is kept, and mutated further. The
same seed gives the same inputs.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random

from attrs import define, field

from fuzz.crashes import Crash, keep_shortest
from fuzz.readers.limits import Found, answer, bounded_memory, peak_megabytes
from fuzz.readers.table import MOST, TARGETS, Target

__all__ = ["Summary", "main", "run", "run_inputs", "run_target"]

_CHUNK = 10_000
_MOST_KEPT = 2000
_BIG = 24_000
"""An input longer than this beyond its seeds is not mutated further: it takes the time of many."""


@define
class Summary:
    """How it went, by target: inputs, kinds of answer, CPU seconds; the peak is of the biggest process."""

    seconds: float = 0.0
    peak_megabytes: float = 0.0
    inputs: dict[str, int] = field(factory=dict)
    answers: dict[str, set[str]] = field(factory=dict)
    spent: dict[str, float] = field(factory=dict)
    crashes: dict[tuple[str, str], Crash] = field(factory=dict)

    @property
    def total(self) -> int:
        """Inputs of all targets."""
        return sum(self.inputs.values())

    @property
    def inputs_per_second(self) -> float:
        """Over all targets and processes."""
        return self.total / self.seconds if self.seconds else 0.0

    def add(self, other: "Summary") -> None:
        """Take what another process, or another chunk, has done."""
        self.peak_megabytes = max(self.peak_megabytes, other.peak_megabytes)
        for name, count in other.inputs.items():
            self.inputs[name] = self.inputs.get(name, 0) + count
            self.answers.setdefault(name, set()).update(other.answers[name])
            self.spent[name] = self.spent.get(name, 0.0) + other.spent[name]
        for key, crash in other.crashes.items():
            keep_shortest(self.crashes, key, crash)

    def lines(self) -> Iterator[str]:
        """For people."""
        for name, count in self.inputs.items():
            rate = count / self.spent[name] if self.spent[name] else 0.0
            yield f"{name:14} {count:9,} inputs {len(self.answers[name]):4} kinds of answer {rate:8,.0f} a CPU second"
        speed = f"{self.inputs_per_second:,.0f} a second, peak {self.peak_megabytes:.0f} MB"
        yield f"{self.total:,} inputs in {self.seconds:.0f} s, {speed}"
        for crash in self.crashes.values():
            yield f"FOUND {crash.name}: {crash.message} [{crash.key}]"
        if not self.crashes:
            yield "nothing found"


def _inputs(target: Target, seeds: Sequence[bytes], chance: Random, kept: list[bytes]) -> Iterator[bytes]:
    """The seeds as they are, then mutations of them, of each other's mutations, and of what was kept."""
    yield from seeds
    data = seeds[0]
    while True:
        how = chance.getrandbits(3)
        if how < 3 or len(data) > len(seeds[0]) + _BIG:
            data = chance.choice(seeds)
        elif how < 6 and kept:
            data = chance.choice(kept)
        data = target.mutated(data, chance.choice(seeds), chance, MOST)
        yield data


def run_target(name: str, count: int, seed: str, more: Sequence[bytes] = (), until: float | None = None) -> Summary:
    """So many inputs of one target, or up to a moment of ``time.monotonic``."""
    target, kept = TARGETS[name], list[bytes]()
    seeds = [*target.make(), *more]
    summary = Summary(inputs={name: 0}, answers={name: set()})
    answers, began = summary.answers[name], time.process_time()
    with bounded_memory():
        for data in _inputs(target, seeds, Random(f"{seed} {name}"), kept):
            if summary.inputs[name] == count or (until is not None and time.monotonic() > until):
                break
            summary.inputs[name] += 1
            try:
                said = answer(target.read, data)
            except Found as found:
                crash = Crash(name, found.key, found.message, data)
                keep_shortest(summary.crashes, (name, found.key), crash)
                continue
            if said not in answers and len(answers) < _MOST_KEPT:
                answers.add(said)
                kept.append(data)
    summary.spent[name] = time.process_time() - began
    summary.peak_megabytes = peak_megabytes()
    return summary


def run(seconds: float, seed: int, names: Iterable[str] = tuple(TARGETS)) -> Summary:
    """Fuzz every target in turn, in this process, for so long in all."""
    whole, began, left = Summary(), time.monotonic(), list(names)
    while left:
        until = time.monotonic() + (began + seconds - time.monotonic()) / len(left)
        name = left.pop(0)
        whole.add(run_target(name, -1, str(seed), until=until))
    whole.seconds = time.monotonic() - began
    return whole


def run_inputs(
    inputs: int, seed: int, names: Sequence[str] = tuple(TARGETS), jobs: int = 1, corpus: Path | None = None
) -> Iterator[Summary]:
    """So many inputs over the targets, by their shares; what has been done so far, each time that some more is."""
    shares = {name: TARGETS[name].share for name in names}
    chunks: list[tuple[str, int, str]] = []
    for name, share in shares.items():
        left = -(-inputs * share // sum(shares.values()))
        chunks += [(name, min(_CHUNK, left - at), f"{seed}.{at}") for at in range(0, left, _CHUNK)]
    Random(seed).shuffle(chunks)
    files = [path.read_bytes() for path in sorted(corpus.iterdir()) if path.is_file()] if corpus else []
    whole, began = Summary(), time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(run_target, *chunk, files): chunk for chunk in chunks}
        for done in as_completed(running):
            try:
                whole.add(done.result())
            except Exception as error:  # the process is gone, with the input that ended it
                name, count, key = running[done]
                whole.crashes[name, key] = Crash(name, key, f"a process ended within {count} inputs: {error}", b"")
            whole.seconds = time.monotonic() - began
            yield whole


def main(argv: Sequence[str]) -> int:
    """The command: 0 nothing found, 1 something."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.readers.campaign", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only this one (may be repeated)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="a folder of inputs to begin with, besides those made at run time")
    parser.add_argument("--findings", type=Path, default=Path("reader-findings"))
    options = parser.parse_args(list(argv))
    whole, told = Summary(), 0.0
    for whole in run_inputs(
        options.inputs, options.seed, options.target or tuple(TARGETS), options.jobs, options.corpus
    ):
        if whole.seconds - told > 10:
            told = whole.seconds
            print(
                f"{whole.total:,} inputs, {whole.inputs_per_second:,.0f} a second, {len(whole.crashes)} found",
                flush=True,
            )
        for crash in whole.crashes.values():
            crash.write(options.findings)
    print("\n".join(whole.lines()))
    return 1 if whole.crashes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
