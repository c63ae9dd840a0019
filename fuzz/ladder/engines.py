"""The engines: what draws inputs. All use the same decoder, mix, sizes and judge, and as many steps a run at most."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Never

from attrs import frozen

from fuzz.ladder.meter import Meter

__all__ = ["ENGINES", "Engine", "Task"]


_SEEDS = 6
"""Inputs to begin with, drawn as those of the random walk are."""


@frozen
class Task:
    """What is to be found, how it is judged, and how the engine begins."""

    variant: str
    """Or a machine, in which nothing is."""
    seed: int
    judge: str
    folder: Path
    """An empty one, for a corpus."""
    without: str = ""
    """A mutation that is left out, in the ablation."""
    alone: str = ""
    """Or the only one."""


def _runner(task: Task) -> Any:
    # Imported late, so that edges can be instrumented on the way.
    from fuzz.run import Runner
    from refmodel.machines import machine
    from refmodel.variants import VARIANTS

    known = VARIANTS.get(task.variant)
    spec = machine(known.machine, task.variant) if known else machine(task.variant)
    return Runner(spec, claims=task.judge == "claims")


def _by_libfuzzer(task: Task, meter: Meter, edges: bool = False, mutators: bool = True) -> Never:
    """libFuzzer, fed the features of states or, with ``edges``, the specification's branches."""
    import atheris

    if edges:
        with atheris.instrument_imports(include=["refmodel"]):
            runner = _runner(task)
    else:
        runner = _runner(task)
    from fuzz.guidance import FLAGS, Guide
    from fuzz.mutate import seeds

    guide = Guide(atheris, runner, not edges, task.without, task.alone)

    def one_input(data: bytes) -> None:
        course, _, steps = guide.follow(data)
        meter.ran(course, steps)

    for number, data in enumerate(seeds(task.seed, _SEEDS)):
        (task.folder / f"seed-{number:02}").write_bytes(data)
    argv = [sys.argv[0], *FLAGS, f"-seed={task.seed}", "-verbosity=0", str(task.folder)]
    if mutators:
        guide.set_up(argv, one_input)
    else:
        atheris.Setup(argv, one_input)
    meter.begin()
    atheris.Fuzz()
    raise AssertionError("libFuzzer came to an end by itself")


def _by_walk(task: Task, meter: Meter) -> Never:
    from fuzz.decode import HEAD, RECORD
    from fuzz.mix import MOST_STEPS

    runner, chance = _runner(task), Random(task.seed)
    meter.begin()
    while True:
        meter.ran(runner.run(chance.randbytes(HEAD + RECORD * MOST_STEPS)))


def _by_hypothesis(task: Task, meter: Meter) -> Never:
    from fuzz.ladder.hypothesis_machine import explore

    explore(_runner(task), task.seed, meter)


@frozen
class Engine:
    """An engine: what it is, and what runs it to the end of the process."""

    title: str
    run: Callable[[Task, Meter], Never]


ENGINES: Mapping[str, Engine] = {
    "fuzzer": Engine("this fuzzer", _by_libfuzzer),
    "edges": Engine("without state feedback", lambda task, meter: _by_libfuzzer(task, meter, edges=True)),
    "bytes": Engine("without custom mutators", lambda task, meter: _by_libfuzzer(task, meter, mutators=False)),
    "hypothesis": Engine("Hypothesis state machine", _by_hypothesis),
    "walk": Engine("random walk, kind first", _by_walk),
    "stock": Engine("edge coverage alone", lambda task, meter: _by_libfuzzer(task, meter, edges=True, mutators=False)),
}
"""By name, as the results have it."""
