"""Where runs have been: for each feature of a state, how often it was met, and one run up to there to go on from.

To go on from rare states, and not from the beginning, is what finds a loss that takes several unlikely steps, one after
another. States are kept as they are, as nothing ever changes one: the steps up to there are not taken again.
"""

from collections.abc import Iterable
from random import Random

from attrs import define, frozen

from fuzz.run import Course

__all__ = ["Archive", "Reached"]

_DRAWN = 6
"""Of so many features that are drawn at random the rarest is gone on from."""
_MOST = 20_000
"""Features of which a run is kept (some 100 MB); a further one takes the place of the most common of those drawn."""
_PICKED = 4
"""To be picked makes a feature as common as to be met so many times."""


@frozen(eq=False)
class Reached:
    """A run up to some step: the input so far, the run as it stood, and the features that it had met."""

    data: bytes
    course: Course
    met: frozenset[int]


@define(eq=False)
class _Feature:
    reached: Reached
    met: int = 1
    picked: int = 0


class Archive:
    """The features met by the runs of one process; filled anew from a corpus when that is run."""

    def __init__(self) -> None:
        self._features: dict[int, _Feature] = {}
        self._names: list[int] = []
        self._chance = Random(0)
        self._next: Reached | None = None

    def __len__(self) -> int:
        return len(self._names)

    def met(self, new: Iterable[int], data: bytes, course: Course, so_far: set[int]) -> None:
        """A run has met features for the first time in it, after as much of its input as ``data``."""
        reached = None
        for name in new:
            known = self._features.get(name)
            if known is not None:
                known.met += 1
                if len(data) >= len(known.reached.data) and self._chance.random() * known.met >= 1:
                    continue
            if reached is None:
                reached = Reached(data, course.copied(), frozenset(so_far))
            if known is not None:
                known.reached = reached  # a shorter one, and now and then another
            else:
                self._add(name, _Feature(reached))

    def _add(self, name: int, feature: _Feature) -> None:
        self._features[name] = feature
        if len(self._names) < _MOST:
            self._names.append(name)
            return
        drawn = [self._chance.randrange(len(self._names)) for _ in range(_DRAWN)]
        place = max(drawn, key=lambda i: self._features[self._names[i]].met)
        del self._features[self._names[place]]
        self._names[place] = name

    def pick(self, chance: Random) -> Reached | None:
        """A run to go on from, rare features first; None as long as there is none."""
        if not self._names:
            return None
        drawn = [self._features[chance.choice(self._names)] for _ in range(_DRAWN)]
        rarest = min(drawn, key=lambda f: f.met + _PICKED * f.picked)
        rarest.picked += 1
        self._next = rarest.reached
        return rarest.reached

    def begun(self, data: bytes) -> Reached | None:
        """Where the input was picked to go on from, if it was."""
        reached = self._next
        return reached if reached is not None and data.startswith(reached.data) else None
