from random import Random
from typing import Any

import pytest

from fuzz.abstraction import abstraction_of, of_any, of_bare
from fuzz.mix import DEFAULT_SIZES
from refmodel.language import Action
from refmodel.search.equivariance import random_names, renamed_state
from refmodel.seed import Bare
from tests.fuzz.drawn import MANY, inputs, runner

NAMES = ("pfn", "vpn", "cpu", "word")


def _renamed(actions: list[Action], sort: str, size: int) -> list[Action]:
    """The same actions with the names of a sort reversed."""
    renamed = []
    for action in actions:
        pairs = zip(action.arguments, Bare().steps[action.step].parameters, strict=True)
        renamed.append(Action(action.step, tuple(size - 1 - v if s.name == sort else v for v, (_, s) in pairs)))
    return renamed


def test_states_that_differ_by_names_look_alike() -> None:
    runs, abstract = runner(), of_bare()
    for data in inputs(21, 20):
        course = runs.run(data)
        for sort in NAMES:
            again = runs.follow(course.sizes, course.rounds, _renamed(course.actions, sort, DEFAULT_SIZES[sort]))
            if len(again.actions) == len(course.actions):
                assert abstract(again.state) == abstract(course.state)


@pytest.mark.parametrize("machine", MANY)
def test_states_of_any_machine_that_differ_by_names_look_alike(machine: str) -> None:
    runs, chance = runner(claims=False, on=machine), Random(1)
    abstract = abstraction_of(runs.spec)
    for data in inputs(21, 5):
        course = runs.run(data)
        names = random_names(NAMES, course.sizes, chance)
        assert abstract(renamed_state(course.state, names)) == abstract(course.state)


def test_what_the_feedback_is_about_is_seen() -> None:
    runs = runner()
    for abstract in (of_bare(), of_any(runs.spec)):
        seen: set[tuple[int, ...]] = set()
        for data in inputs(22, 100):
            runs.run(data, lambda m, abstract=abstract, seen=seen: seen.add(abstract(m)))  # type: ignore[misc]
        assert len(seen) > 1000
        start: Any = runs.parts(DEFAULT_SIZES).start
        owed = start.but(rounds=start.rounds.but(to_send=start.rounds.to_send.add(0)))
        dirty = start.but(log=start.log.but(dirty=start.log.dirty.add(0)))
        stale = start.but(cpus=start.cpus.but(writable=start.cpus.writable.add((1, 0))))
        stored = start.but(source=start.source.but(memory=start.source.memory.set((0, 0), 1)))
        assert len({abstract(m) for m in (start, owed, dirty, stale, stored)}) == 5


@pytest.mark.parametrize("machine", MANY)
def test_of_any_machine_many_situations_are_told_apart(machine: str) -> None:
    runs = runner(claims=False, on=machine)
    abstract = abstraction_of(runs.spec)
    seen: set[tuple[int, ...]] = set()
    for data in inputs(23, 10):
        runs.run(data, lambda m: seen.add(abstract(m)))
    assert len(seen) > 100


def test_what_a_part_adds_is_told_apart() -> None:
    runs = runner(on="bare+free-hints")
    abstract = abstraction_of(runs.spec)
    start: Any = runs.parts(runs.head(b"")[0]).start
    hints = start.hints
    changed = [
        hints.but(free=hints.free.add(0)),
        hints.but(current=hints.current.add(0)),
        hints.but(stale=hints.stale.add(2)),
    ]
    assert len({abstract(m) for m in (start, *(start.but(hints=hints) for hints in changed))}) == 4
