"""What the search says of every variant, for ``refmodel check``: the wrong ones break, the others do not."""

from collections.abc import Iterator

from refmodel.rows import Row
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, search
from refmodel.variants import VARIANTS

__all__ = ["checked"]

_WHOLE = GROWING[:2]
"""The machines that a sound variant is searched in, whole: the others take ten seconds each."""


def checked() -> Iterator[Row]:
    """The seed machine and its sound variants in small machines, whole; each wrong variant until it breaks."""
    yield _row(None, True)
    for variant in VARIANTS.values():
        yield _row(variant.name, variant.sound)


def _row(variant: str | None, sound: bool) -> Row:
    seconds, states = 0.0, 0
    for sizes in _WHOLE if sound else GROWING:
        found = search("seed", variant, sizes)
        seconds += found.explored.seconds
        states += found.explored.states
        if found.schedule and found.schedule.broken:
            broken = found.schedule.broken
            result = f"broken after {broken.after} actions: {broken.claim.replace('_', ' ')}"
            return Row("search", variant or "seed", result, not sound, seconds)
        if found.explored.outcome is not Outcome.EXHAUSTED:
            return Row("search", variant or "seed", f"not searched whole: {states:,} states", False, seconds)
    return Row("search", variant or "seed", f"nothing found in {states:,} states", sound, seconds)
