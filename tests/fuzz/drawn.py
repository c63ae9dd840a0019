"""Random runs, drawn with the fuzzer's own decoder."""

from collections.abc import Iterator
from random import Random

from fuzz.decode import RECORD
from fuzz.run import Finding, Runner
from refmodel.machines import MACHINES, ONE_BY_ONE, machine
from refmodel.variants import VARIANTS

__all__ = ["COMMON", "EACH", "MANY", "SOUND", "WRONG", "inputs", "runner", "walked"]

WRONG = sorted(name for name, variant in VARIANTS.items() if not variant.sound)
SOUND = [None, *sorted(name for name, variant in VARIANTS.items() if variant.sound)]
"""The bare machine itself, and the variants that every checker must accept."""
_HARD = {
    "links-any-role",
    "no-barrier-between-rounds",
    "ring-not-drained",
    "uncached-page-sent-from-cache",
    "zero-page-not-cached",
    "zeroed-page-keeps-data",
}
"""A page has to be sent twice, with the right stores between, a shadow to be shared by entries of different rights, or
a ring to be left full at the stop: over a thousand random runs. The search finds them."""
_LATE = {
    "checkpoint-dropped-with-the-source",
    "discard-unheard",
    "failure-taken-for-success",
    "fence-dies-with-source",
    "fenced-target-takes-over",
    "hint-after-switch",
    "images-taken-too-early",
    "lost-ack-taken-for-failure",
    "page-placed-twice",
    "request-left-behind",
    "stale-page-served",
    "takeover-half-applied",
}
"""Something rare has to come between the commit, or a whole checkpoint, and the next step or two: over a thousand
random runs as well."""
COMMON = sorted(set(WRONG) - _HARD - _LATE)
"""Those that a random walk comes to."""
EACH = sorted({VARIANTS[name].machine: name for name in COMMON}.values())
"""A wrong variant of each machine that variants are of: what the quick tests look at."""
MANY = sorted({*MACHINES, *ONE_BY_ONE})
"""The named machines, and the bare machine with each part."""


def runner(variant: str | None = None, claims: bool = True, on: str = "") -> Runner:
    """Runs of a machine, by default the variant's own, or the bare machine."""
    return Runner(machine(on or (VARIANTS[variant].machine if variant else "bare"), variant), claims)


def inputs(seed: int, count: int, steps: int = 64, which: int | None = 0) -> Iterator[bytes]:
    """Random inputs; ``which`` fixes the first byte, and so the sizes."""
    chance = Random(seed)
    for _ in range(count):
        first = chance.randrange(256) if which is None else which
        yield bytes([first, chance.randrange(256)]) + chance.randbytes(RECORD * steps)


def walked(runs: Runner, seed: int, count: int) -> Finding | None:
    """The first finding of a random walk of at most ``count`` runs."""
    for data in inputs(seed, count):
        finding = runs.run(data).finding
        if finding is not None:
            return finding
    return None
