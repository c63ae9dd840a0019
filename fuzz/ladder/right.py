"""``python -m fuzz.ladder.right``: runs of the right machines, in which nothing is to be found.

The named machines, the bare machine with each part, and the sound variants, in turn, a child process for each share.
Killed, it goes on where it was.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path

import click

from fuzz.engine import needs_atheris
from fuzz.ladder.measure import Measured, Rung, append, measured, read
from refmodel.machines import MACHINES, ONE_BY_ONE
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS

__all__ = ["RIGHT", "right"]

_SHARE = 5_000
"""Runs of one child."""
RIGHT = (
    *MACHINES,
    *ONE_BY_ONE,
    *(variant.name for variant in VARIANTS.values() if variant.sound),
)


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=2_000_000, show_default=True, help="How many in all.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="How many children at a time.")
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/fuzz-right.jsonl"),
    show_default=True,
    help="Where the counts are kept.",
)
def right(runs: int, jobs: int, results: Path) -> None:
    """Fuzz the right machines. Exit status: 0 nothing found, 1 a finding, 2 unusable."""
    needs_atheris()
    done = list(read(results))
    for result in _shares(done, runs, jobs):
        append(results, result)
        click.echo(f"{sum(r.runs for r in done):,} of {runs:,} runs: {result.rung.variant}", err=True)
    found = [result for result in done if result.rule]
    for result in found:
        click.echo(f"{result.rung.variant}: {result.rule}, seed {result.rung.seed}")
    met = len({result.rung.variant for result in done})
    made, steps = sum(result.runs for result in done), sum(result.steps for result in done)
    what = f"{len(found)} findings" if found else "nothing found"
    click.echo(f"{what} in {made:,} runs ({steps:,} steps) of {met} of {len(RIGHT)} right machines")
    click.get_current_context().exit(1 if found else 0)


def _shares(done: list[Measured], runs: int, jobs: int) -> Iterator[Measured]:
    """Measure further shares, until there are runs enough, or something is found: each joins ``done``."""
    under_way: dict[Future[Measured], Rung] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            made = sum(result.runs for result in done)
            is_found = any(result.rule for result in done)
            while not is_found and len(under_way) < jobs and made + sum(r.runs for r in under_way.values()) < runs:
                rung = _next([*(result.rung for result in done), *under_way.values()])
                under_way[pool.submit(measured, rung)] = rung
            if not under_way:
                return
            for ended in wait(under_way, return_when=FIRST_COMPLETED).done:
                del under_way[ended]
                done.append(ended.result())
                yield done[-1]


def _next(begun: Sequence[Rung]) -> Rung:
    """A share of the machine with the fewest; each share from a seed of its own."""
    shares, seeds = Counter(rung.variant for rung in begun), {(rung.variant, rung.seed) for rung in begun}
    name = min(RIGHT, key=lambda name: shares[name])
    seed = next(seed for seed in count(1) if (name, seed) not in seeds)  # one may be lacking: it was killed
    return Rung(name, "fuzzer", seed, "claims", 1e9, runs=_SHARE)


if __name__ == "__main__":
    try:
        right()
    except Unusable as error:
        sys.stderr.write(f"refmodel: {error}\n")
        sys.exit(2)
