"""How far a ratio of the ladder may be luck: the seeds are drawn again, with repetition, and the ratio taken again.

A bootstrap (Efron, "Bootstrap methods: another look at the jackknife", 1979), by variant and engine, of the same median
and geometric mean that the table shows.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from random import Random
from statistics import median

__all__ = ["between"]

_FEWEST = 3
"""Of fewer seeds nothing can be said."""
_TIMES = 1000
_WITHIN = 0.9


def between(steps: Mapping[tuple[str, str], Sequence[int]], engine: str, base: str, variants: Iterable[str]) -> str:
    """Where nine in ten such ratios lie, as ``0.71 to 1.40``; a dash where a cell has too few seeds.

    ``steps`` has those of each seed, by variant and engine.
    """
    pairs = [(steps[variant, engine], steps[variant, base]) for variant in variants]
    if not pairs or any(len(seeds) < _FEWEST for pair in pairs for seeds in pair):
        return "–"
    chance = Random(1)
    drawn = sorted(
        exp(sum(_drawn(a, chance) - _drawn(b, chance) for a, b in pairs) / len(pairs)) for _ in range(_TIMES)
    )
    outside = round(_TIMES * (1 - _WITHIN) / 2)
    return f"{drawn[outside]:.2f} to {drawn[-1 - outside]:.2f}"


def _drawn(steps: Sequence[int], chance: Random) -> float:
    return log(max(1.0, median(chance.choices(steps, k=len(steps)))))
