"""How libFuzzer is guided: what it is fed of the states that a run meets, and how it comes to further schedules."""

import gc
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from fuzz.archive import Archive
from fuzz.counters import counters
from fuzz.decode import HEAD, IDLE_RECORDS, RECORD
from fuzz.feedback import features_of
from fuzz.mix import MOST_STEPS
from fuzz.mutate import changed, crossed, extended, finished, mutated
from fuzz.mutations import MUTATIONS
from fuzz.run import Course, Runner

__all__ = ["ALONE", "FLAGS", "Guide"]

FLAGS = (f"-max_len={HEAD + RECORD * MOST_STEPS}", "-len_control=0", "-reduce_inputs=0")
"""What libFuzzer is told unless its user says otherwise (of two the last one counts). Not to reduce inputs: one that is
cut short meets the same states, but for those that it would have met next."""
ALONE = ("nothing", "bytes", *MUTATIONS, "splice")
"""What an ablation can measure by itself. ``nothing`` fills a schedule up, as each does that changes one; ``bytes`` not
even that."""
_RESUMED, _FRESH, _OF = 30, 1, 32
"""Of so many further schedules: those that go on from a rare state, and those drawn from the beginning. These take many
times the steps of those."""
_STILL = 8
"""After so many steps in a row that bring a run to nothing that is new to it, it is ended."""
_SPLICED = 32
"""One in so many of those that libFuzzer would splice (half of all) is; the others are made as if it had not asked."""


class Guide:
    """Follows inputs, and makes others. Without ``feed`` libFuzzer is told nothing of states, and none are kept.

    An ablation asks for one of two things, by name: to do ``without`` something (``mutations`` are all those of
    schedules), or to use one thing ``alone``, for every other schedule, and libFuzzer's own mutations for the rest.
    """

    def __init__(self, atheris: Any, runner: Runner, feed: bool = True, without: str = "", alone: str = "") -> None:
        self._atheris = atheris
        self._runner = runner
        self._without = without
        self._alone = alone
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
        in_order = list(begun.met) if begun else []
        met, last = set(in_order), tuple[int, ...]()
        before = len(course.actions)
        choose, idle, still = self._runner.parts(sizes).decoder.choose, 0, 0
        for i in range(len(begun.data) if begun else HEAD, len(data) - 1, RECORD):
            found = choose(course.state, data[i], data[i + 1], course.packed if self._feed else None)
            if found is None:
                idle += 1
                if idle == IDLE_RECORDS:
                    break
                continue
            idle = 0
            finding = course.follow(*found)
            features = self._features(course)
            new = [] if features is last else [feature for feature in features if feature not in met]
            last = features
            met.update(new)
            in_order += new
            still = 0 if new else still + 1
            if finding is not None or len(course.actions) == MOST_STEPS or (self._feed and still == _STILL):
                break
            if self._feed and new:
                self.archive.met(new, data[: i + RECORD], course, in_order)
        if self._feed:
            for number in {feature % self._many for feature in met}:  # once a run: how often it is met says nothing new
                self._count(number)
        return course, met, len(course.actions) - before

    def mutator(self, data: bytes, most: int, seed: int) -> bytes:
        """Another schedule: from a rare state on, or from the beginning, or this one with some steps changed."""
        chance = Random(seed)
        if self._alone:
            return self._by_one(data, most, chance)
        if self._without != "end" and (reached := self.archive.unfinished()):
            return finished(reached.data, most, chance)
        which = chance.randrange(_OF)
        if which < _RESUMED and self._without != "resume" and (reached := self.archive.pick(chance)):
            return extended(reached.data, most, chance, self._piece(data, len(reached.data), most, chance))
        if which == _RESUMED and self._without != "fresh":
            return chance.randbytes(min(most, HEAD + RECORD * MOST_STEPS))
        return self._mutated(data, most, seed)

    def _piece(self, data: bytes, begun: int, most: int, chance: Random) -> bytes | None:
        """What another schedule does at this or at some other time; None, so something at random, as often."""
        if chance.randrange(2):
            return None
        at = begun if chance.randrange(2) else HEAD + RECORD * chance.randrange(MOST_STEPS)
        return self._mutated(data, most, chance.randrange(1 << 32))[at:]

    def _by_one(self, data: bytes, most: int, chance: Random) -> bytes:
        if self._alone in ("bytes", "splice") or chance.randrange(2):
            return bytes(self._atheris.Mutate(bytes(data), most))
        usable = [MUTATIONS.get(self._alone, lambda draft: None)]
        return changed(bytes(data), most, chance, self._vocabulary, usable)

    def _mutated(self, data: bytes, most: int, seed: int) -> bytes:
        if self._without == "mutations":
            return Random(seed).randbytes(min(most, HEAD + RECORD * MOST_STEPS))
        return mutated(bytes(data), most, seed, self._atheris.Mutate, self._vocabulary, self._without)

    def crossover(self, one: bytes, other: bytes, most: int, seed: int) -> bytes:
        """A splice, seldom, or else what ``mutator`` makes."""
        if seed % (2 if self._alone else _SPLICED):
            return self.mutator(one, most, seed)
        return crossed(bytes(one), bytes(other), most, seed)

    def set_up(self, argv: Sequence[str], one_input: Callable[[bytes], object]) -> None:
        """``atheris.Setup`` with what makes further schedules."""
        gc.set_threshold(50_000, 20, 100)  # states are many, live long, and refer to nothing that refers to them
        crosses = self._alone in ("", "splice") and self._without not in ("splice", "mutations")
        more = {"custom_crossover": self.crossover} if crosses else {}
        self._atheris.Setup(list(argv), one_input, custom_mutator=self.mutator, **more)
