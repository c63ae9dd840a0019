"""What a question is: bytes are a schedule, as ``decode`` reads it, and a tail that says what is asked of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Protocol
from zlib import crc32

from attrs import frozen

from fuzz.abstraction import abstraction_of
from fuzz.decode import HEAD, RECORD
from fuzz.run import Course, Runner
from refmodel.compose import CHOICES
from refmodel.language import Action
from refmodel.machines import machine
from refmodel.schedules.schedule import Schedule
from refmodel.unusable import Unusable

__all__ = [
    "ALL",
    "TAIL",
    "Disagreement",
    "Known",
    "Machines",
    "Question",
    "Walk",
    "feature",
    "followed",
    "inputs",
    "known_machine",
    "tail_of",
    "walked",
    "with_tail",
]

ALL = "all"
"""Stands for every named machine: a byte of the tail says which."""
TAIL = 32
"""Bytes at the end of an input that are not steps. An input of the fuzzer of machines is an input of a question too."""
Features = set[int]


class Disagreement(Exception):
    """Two checkers do not say the same. ``key`` is the same for inputs that show the same fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(key, message)
        self.key = self.rule = key
        self.message = message

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class Question(Protocol):
    """Asks one question of an input."""

    def ask(self, data: bytes) -> Features:
        """What the input reached, as hashes, for guidance; Disagreement where the answer is no."""
        ...


@frozen
class Known:
    """A machine, or a variant of it, ready to run."""

    name: str
    variant: str | None
    runner: Runner
    abstract: Any

    def schedule(self, sizes: Mapping[str, int], rounds: int, actions: Sequence[Action]) -> Schedule:
        """A schedule of it."""
        return Schedule(self.name, self.variant, sizes, rounds, tuple(actions))


class Machines:
    """The machines that a question is asked of: the tail's first byte says which. Each is made when first met."""

    def __init__(self, choices: Sequence[tuple[str, str | None]], claims: bool = True) -> None:
        """Machines, each with a variant of it or none; without ``claims`` runs stop only at what the guest notices."""
        self._choices = list(choices)
        self._claims = claims
        self._known: dict[int, Known] = {}

    @classmethod
    def named(cls, name: str, variant: str | None = None, claims: bool = True) -> "Machines":
        """The machine, or a variant of it; every named machine for ``all``."""
        return cls([(each, variant) for each in (CHOICES if name == ALL else [name])], claims)

    def chosen(self, byte: int) -> Known:
        """The machine that a byte says."""
        number = byte % len(self._choices)
        if number not in self._known:
            name, variant = self._choices[number]
            spec = machine(name, variant)
            self._known[number] = Known(name, variant, Runner(spec, self._claims), abstraction_of(spec))
        return self._known[number]


def feature(name: str, *more: int) -> int:
    """A hash that is the same in every process."""
    return hash((crc32(name.encode()), *more))


def tail_of(data: bytes) -> tuple[bytes, bytes]:
    """The schedule's bytes, and the tail; an input too short for both is a schedule with a tail of zeros."""
    if len(data) < HEAD + RECORD + TAIL:
        return data, bytes(TAIL)
    return data[:-TAIL], data[-TAIL:]


@frozen
class Walk:
    """A run and what it reached: each state, with the action taken in it."""

    course: Course
    states: tuple[Any, ...]
    """The start, and the state after each action."""
    features: Features

    @property
    def steps(self) -> Iterator[tuple[Any, Action, Any]]:
        """Each state, the action taken in it, and the state after."""
        return zip(self.states, self.course.actions, self.states[1:], strict=False)


def walked(known: Known, data: bytes) -> Walk:
    """Run the schedule up to the first finding."""
    sizes, rounds = known.runner.head(data)
    states = [known.runner.course(sizes, rounds).state]
    return _walk(known, states, known.runner.run(data, states.append))


def followed(known: Known, sizes: Mapping[str, int], rounds: int, actions: Sequence[Action]) -> Walk:
    """Run these actions, all of which can be taken, up to the first finding."""
    course = known.runner.course(sizes, rounds)
    states = [course.state]
    for action in actions:
        states.append(known.runner.spec.take(course.state, action))
        if course.follow(action, states[-1]) is not None:
            break
    return _walk(known, states, course)


def _walk(known: Known, states: Sequence[Any], course: Course) -> Walk:
    return Walk(course, tuple(states), {feature(known.name, *known.abstract(m)) for m in states})


def inputs(chance: Random, steps: int) -> Iterator[bytes]:
    """Inputs at random."""
    while True:
        front = bytes([chance.choice((0, 5, 6, 7)), chance.randrange(256)])
        yield front + chance.randbytes(RECORD * chance.randrange(steps // 2, steps + 1) + TAIL)


def with_tail(data: bytes, most: int, seed: int, mutated: Callable[[bytes, int], bytes]) -> bytes:
    """Another input: its schedule mutated as a schedule, or its tail in some bytes, or both."""
    chance = Random(seed)
    schedule, tail = tail_of(data)
    how = chance.randrange(4)
    if how:
        schedule = mutated(schedule, max(0, most - TAIL))
    if how in (0, 1):
        changed = bytearray(tail)
        for _ in range(1 + chance.randrange(4)):
            changed[chance.randrange(TAIL)] = chance.randrange(256)
        tail = bytes(changed)
    schedule = schedule.ljust(HEAD + RECORD, b"\0")
    return (schedule + tail)[:most]


def known_machine(name: str, variant: str | None) -> None:
    """Unusable for a machine or a variant that is not there; ``all`` stands for every named machine."""
    if name == ALL and variant is not None:
        raise Unusable("machine", f"{ALL} with a variant", "the machine that the variant is of")
    if name != ALL:
        machine(name, variant)
