"""One measurement: ``python -m fuzz.ladder.child FD FOLDER VARIANT ENGINE SEED BUDGET JUDGE RUNS WITHOUT ALONE``.

A process of its own, since libFuzzer owns its process; its answer is a line on the descriptor.
"""

import sys
from pathlib import Path

from fuzz.ladder.engines import ENGINES, Task
from fuzz.ladder.meter import Meter

__all__ = ["main"]


def main(argv: list[str]) -> None:
    descriptor, folder, variant, engine, seed, budget, judge, runs, without, alone = argv
    task = Task(variant, int(seed), judge, Path(folder), without, alone)
    ENGINES[engine].run(task, Meter(float(budget), int(descriptor), int(runs)))


if __name__ == "__main__":
    main(sys.argv[1:])
