"""Where runs have been: for each feature of a state, how often it was met, and one run up to there to go on from.

To go on from rare states, and not from the beginning, is what finds a loss that takes several unlikely steps, one after
another: from there on some steps are as likely to be the right ones as if the run had begun there. States are kept as
they are, as nothing ever changes one: the steps up to there are not taken again.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from random import Random

from attrs import define, frozen

from fuzz.feedback import DIFFERS, view_of
from fuzz.run import Course
from refmodel.state import Phase

__all__ = ["Archive", "Reached"]

_DRAWN = 12
"""Of so many features that are drawn at random the rarest is gone on from."""
_MOST = 20_000
"""Features of which a run is kept (some 100 MB); a further one takes the place of the most common of those drawn."""
_PICKED = 4
"""To be picked makes a feature as common as to be met so many times."""
_OUTSIDE_ROUNDS = 4
"""A feature is taken for so many times as common where no rounds run: it is they that the guest runs under."""
_UNFINISHED = 32
"""At most so many runs wait to be brought to their end."""
_ENDED_AT = (1, 16, 256)
"""Which meetings of a feature of a page that differs are brought to their end, to see whether the guest notices."""


@frozen(eq=False)
class Reached:
    """A run up to some step: the input so far, and the run as it stood."""

    data: bytes
    course: Course
    _run_met: Sequence[int]
    _many: int
    """The features that the whole run met, in that order, and how many of them by then: one list for all of a run."""

    @property
    def met(self) -> Sequence[int]:
        """The features that it had met."""
        return self._run_met[: self._many]


@define(eq=False)
class _Feature:
    reached: Reached
    length: int
    """Of the input up to there."""
    met: int = 1
    picked: int = 0


def _commonness(feature: _Feature) -> int:
    rounds_run = feature.reached.course.state.phase is Phase.LIVE
    return (feature.met + _PICKED * feature.picked) * (1 if rounds_run else _OUTSIDE_ROUNDS)


class Archive:
    """The features met by the runs of one process; filled anew from a corpus when that is run."""

    def __init__(self) -> None:
        self._features: dict[int, _Feature] = {}
        self._names: dict[int, list[int]] = {}
        self._chance = Random(0)
        self._next: Reached | None = None
        self._unfinished: deque[Reached] = deque(maxlen=_UNFINISHED)

    def __len__(self) -> int:
        return len(self._features)

    def met(self, new: Iterable[int], data: bytes, course: Course, so_far: Sequence[int]) -> None:
        """A run has met features for the first time in it, after as much of its input as ``data``.

        ``so_far`` are all that it has met by now; the run may add to them later, and do nothing else to them.
        """
        reached, features, random, length = None, self._features, self._chance.random, len(data)
        for name in new:
            known = features.get(name)
            times = known.met + 1 if known else 1
            ends = times in _ENDED_AT and view_of(name) == DIFFERS
            # A shorter run to there takes the place of the one that is kept; now and then another does.
            keeps = known is None or length < known.length or random() * times < 1
            if reached is None and (ends or keeps):
                reached = Reached(data, course.copied(), so_far, len(so_far))
            if reached is not None and ends and reached not in self._unfinished:
                self._unfinished.append(reached)
            if known is None:
                assert reached is not None
                self._add(name, _Feature(reached, length))
                continue
            known.met = times
            if reached is not None and keeps:
                known.reached, known.length = reached, length

    def _add(self, name: int, feature: _Feature) -> None:
        self._features[name] = feature
        names = self._names.setdefault(view_of(name), [])
        if len(names) < _MOST:
            names.append(name)
            return
        place = max(self._drawn(len(names)), key=lambda i: self._features[names[i]].met)
        del self._features[names[place]]
        names[place] = name

    def _drawn(self, below: int) -> list[int]:
        """Numbers drawn at random, as ``Random.randrange`` draws them, which takes three times as long."""
        drawn, bits, draw = list[int](), below.bit_length(), self._chance.getrandbits
        while len(drawn) < _DRAWN:
            number = draw(bits)
            if number < below:
                drawn.append(number)
        return drawn

    def pick(self, chance: Random) -> Reached | None:
        """A run to go on from, rare features first; None as long as there is none.

        Each view is as likely, however few features it has: what is lost is a rare feature of what one contract sees,
        and would drown among the many ways in which a page can be mapped meanwhile.
        """
        if not self._names:
            return None
        names = self._names[chance.choice(list(self._names))]
        drawn = [self._features[name] for name in chance.choices(names, k=_DRAWN)]
        rarest = min(drawn, key=_commonness)
        rarest.picked += 1
        self._next = rarest.reached
        return rarest.reached

    def unfinished(self) -> Reached | None:
        """A run that is to be brought to its end, the latest first; None where there is none."""
        if not self._unfinished:
            return None
        self._next = self._unfinished.pop()
        return self._next

    def begun(self, data: bytes) -> Reached | None:
        """Where the input was picked to go on from, if it was."""
        reached = self._next
        return reached if reached is not None and data.startswith(reached.data) else None
