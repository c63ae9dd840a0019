"""How many runs a second: 32-step schedules of the seed machine with four pages, all claims at every step.

A run may end early, where nothing new comes of it; so it is steps that are counted, and 32 of them are a run.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from random import Random
from types import SimpleNamespace

from fuzz.decode import HEAD, RECORD
from fuzz.guidance import Guide
from fuzz.run import Runner
from refmodel.machines import machine

__all__ = ["SIZES", "guided", "runs_a_second", "unguided"]

SIZES: Mapping[str, int] = {"pfn": 4, "vpn": 4, "cpu": 2, "word": 2, "value": 4}
_STEPS = 32
_WARM, _RUNS, _TIMES = 2000, 400, 7


class _FourPages(Runner):
    def head(self, data: bytes) -> tuple[Mapping[str, int], int]:
        return SIZES, data[1] % 4


def _inputs(chance: Random, count: int) -> Iterator[bytes]:
    """Random inputs of more pairs than steps, so that each has all its steps."""
    for _ in range(count):
        yield chance.randbytes(HEAD + RECORD * _STEPS)


def guided() -> Callable[[bytes], int]:
    """Steps of a run with the features of its states fed, and rare states kept."""
    atheris = SimpleNamespace(_reserve_counter=iter(range(1 << 17)).__next__, _trace_branch=lambda number: None)
    guide = Guide(atheris, _FourPages(machine("seed")))
    return lambda data: guide.follow(data)[2]


def unguided() -> Callable[[bytes], int]:
    """Steps of a run and its claims, and nothing else."""
    runner = _FourPages(machine("seed"))
    return lambda data: len(runner.run(data).actions)


def runs_a_second(make: Callable[[], Callable[[bytes], int]]) -> tuple[float, str]:
    """The median of some times, of CPU seconds; fresh inputs each time, after so many as a campaign's first seconds."""
    run, chance = make(), Random(1)
    for data in _inputs(chance, _WARM):
        run(data)
    rates = []
    for _ in range(_TIMES):
        inputs = list(_inputs(chance, _RUNS))
        began = time.process_time()
        steps = sum(run(data) for data in inputs)
        rates.append(steps / _STEPS / (time.process_time() - began))
    rates.sort()
    return rates[_TIMES // 2], f"{_STEPS} steps, 4 pages, every claim; {rates[0]:,.0f} to {rates[-1]:,.0f}"
