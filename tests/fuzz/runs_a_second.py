"""How many runs a second: 32-step schedules of the seed machine with four pages, all claims at every step.

A run may end early, where nothing new comes of it; so it is steps that are counted, and 32 of them are a run.
And what feedback costs: a step with it over one without, of the same inputs, of any machine.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from random import Random
from types import SimpleNamespace

from fuzz.decode import HEAD, RECORD
from fuzz.guidance import Guide
from fuzz.run import Runner
from refmodel.machines import machine

__all__ = ["SIZES", "cost_of_feedback", "guided", "runs_a_second", "unguided"]

SIZES: Mapping[str, int] = {"pfn": 4, "vpn": 4, "cpu": 2, "word": 2, "value": 4}
_STEPS = 32
_WARM, _RUNS, _TIMES = 2000, 400, 7
_IN_TURN, _TURNS = 20, 60
"""Where two are compared, they take turns, of so few runs that whatever else the machine does strikes both."""


class _FourPages(Runner):
    def head(self, data: bytes) -> tuple[Mapping[str, int], int]:
        return SIZES, data[1] % 4


def _inputs(chance: Random, count: int) -> Iterator[bytes]:
    """Random inputs of more pairs than steps, so that each has all its steps."""
    for _ in range(count):
        yield chance.randbytes(HEAD + RECORD * _STEPS)


def guided(runner: Runner | None = None) -> Callable[[bytes], int]:
    """Steps of a run with the features of its states fed, and rare states kept; set up as a campaign is."""
    atheris = SimpleNamespace(
        _reserve_counter=iter(range(1 << 17)).__next__,
        _trace_branch=lambda number: None,
        Setup=lambda *given, **more: None,
    )
    guide = Guide(atheris, runner or _FourPages(machine("seed")))
    guide.set_up([], lambda data: None)
    return lambda data: guide.follow(data)[2]


def unguided(runner: Runner | None = None) -> Callable[[bytes], int]:
    """Steps of a run and its claims, and nothing else."""
    runs = runner or _FourPages(machine("seed"))
    return lambda data: len(runs.run(data).actions)


def runs_a_second(make: Callable[[], Callable[[bytes], int]]) -> tuple[float, str]:
    """The median of some times, of CPU seconds; fresh inputs each time, after so many as a campaign's first seconds."""
    chance, collects = Random(1), gc.get_threshold()
    run = make()
    for data in _inputs(chance, _WARM):
        run(data)
    rates = sorted(1 / _STEPS / _seconds_a_step(run, list(_inputs(chance, _RUNS))) for _ in range(_TIMES))
    gc.set_threshold(*collects)
    return rates[_TIMES // 2], f"{_STEPS} steps, 4 pages, every claim; {rates[0]:,.0f} to {rates[-1]:,.0f}"


def cost_of_feedback(name: str) -> tuple[float, str]:
    """CPU seconds of a step with feedback over those of one without: the median of many turns."""
    chance, spec, collects = Random(1), machine(name), gc.get_threshold()
    with_it, without = guided(Runner(spec)), unguided(Runner(spec))
    for data in _inputs(chance, _WARM // 2):
        data = b"\0" + data[1:]  # all with the same sizes
        with_it(data), without(data)
    pairs = []
    for _ in range(_TURNS):
        turn = [b"\0" + data[1:] for data in _inputs(chance, _IN_TURN)]
        pairs.append((_seconds_a_step(with_it, turn), _seconds_a_step(without, turn)))
    gc.set_threshold(*collects)
    ratios = sorted(fed / plain for fed, plain in pairs)
    fed, plain = (1e6 * sorted(each)[_TURNS // 2] for each in zip(*pairs, strict=True))
    middle = f"{ratios[_TURNS // 4]:.2f} to {ratios[-_TURNS // 4]:.2f}"
    return ratios[_TURNS // 2], f"{fed:.0f} over {plain:.0f} µs a step, 3 pages; half of the turns {middle}"


def _seconds_a_step(run: Callable[[bytes], int], inputs: list[bytes]) -> float:
    began = time.process_time()
    steps = sum(run(data) for data in inputs)
    return (time.process_time() - began) / steps
