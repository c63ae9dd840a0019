"""How libFuzzer is guided: what it is fed of the states that a run meets, and how it comes to further schedules."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from fuzz.archive import Archive
from fuzz.counters import counters
from fuzz.decode import HEAD, IDLE_RECORDS, RECORD
from fuzz.feedback import features_of
from fuzz.mix import MOST_STEPS
from fuzz.mutate import crossed, filled, mutated
from fuzz.run import Course, Runner

__all__ = ["FLAGS", "Guide"]

FLAGS = (f"-max_len={HEAD + RECORD * MOST_STEPS}", "-len_control=0", "-reduce_inputs=0")
"""What libFuzzer is told unless its user says otherwise (of two the last one counts). Not to reduce inputs: one that is
cut short meets the same states, but for those that it would have met next."""
_RESUMED, _FRESH, _OF = 5, 1, 8
"""Of so many further schedules: those that go on from a rare state, and those drawn from the beginning."""
_SPLICED = 2
"""Of so many of what libFuzzer would splice one is; the rest are mutated."""


class Guide:
    """Follows inputs, and makes others. Without ``feed`` libFuzzer is told nothing of states, and none are kept."""

    def __init__(self, atheris: Any, runner: Runner, feed: bool = True, without: str = "") -> None:
        self._atheris = atheris
        self._runner = runner
        self._without = without
        self._vocabulary = runner.vocabulary()
        self._features = features_of(runner.spec)
        self._many, self._count = counters(atheris)
        self._feed = feed
        self.archive = Archive()

    def follow(self, data: bytes) -> tuple[Course, set[int], int]:
        """Run the input: how it went, the features that it met, and how many steps were taken for it."""
        begun = self.archive.begun(data)
        sizes, rounds = self._runner.head(data)
        course = begun.course.copied() if begun else self._runner.course(sizes, rounds)
        met = set(begun.met) if begun else set[int]()
        before = len(course.actions)
        choose, idle = self._runner.parts(sizes).decoder.choose, 0
        for i in range(len(begun.data) if begun else HEAD, len(data) - 1, RECORD):
            found = choose(course.state, data[i], data[i + 1])
            if found is None:
                idle += 1
                if idle == IDLE_RECORDS:
                    break
                continue
            idle = 0
            finding = course.follow(*found)
            new = [feature for feature in self._features(course.state) if feature not in met]
            met.update(new)
            if finding is not None or len(course.actions) == MOST_STEPS:
                break
            if self._feed and new:
                self.archive.met(new, data[: i + RECORD], course, met)
        if self._feed:
            for number in {feature % self._many for feature in met}:  # once a run: how often it is met says nothing new
                self._count(number)
        return course, met, len(course.actions) - before

    def mutator(self, data: bytes, most: int, seed: int) -> bytes:
        """Another schedule: from a rare state on, or from the beginning, or this one with some steps changed."""
        chance = Random(seed)
        which = chance.randrange(_OF)
        if which < _RESUMED and self._without != "resume":
            reached = self.archive.pick(chance)
            if reached is not None:
                return filled(reached.data, most, chance, data)
        if which == _RESUMED and self._without != "fresh":
            return chance.randbytes(min(most, HEAD + RECORD * MOST_STEPS))
        return mutated(bytes(data), most, seed, self._atheris.Mutate, self._vocabulary, self._without)

    def crossover(self, one: bytes, other: bytes, most: int, seed: int) -> bytes:
        """A splice, or a mutation, as libFuzzer would splice as often as it mutates."""
        if seed % _SPLICED:
            return self.mutator(one, most, seed)
        return crossed(bytes(one), bytes(other), most, seed)

    def set_up(self, argv: Sequence[str], one_input: Callable[[bytes], object]) -> None:
        """``atheris.Setup`` with what makes further schedules."""
        more = {} if self._without == "splice" else {"custom_crossover": self.crossover}
        self._atheris.Setup(list(argv), one_input, custom_mutator=self.mutator, **more)
