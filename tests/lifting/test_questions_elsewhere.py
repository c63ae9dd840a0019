"""A step that asks through something else is refused too, and so is what would go wrong beside the state."""

import operator
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import random as chance
from typing import Any, NamedTuple

import pytest
from attrs import frozen

from proofs.lifting.questions import refuse_questions
from proofs.prove import prove_all
from refmodel.language import Pfn, Refused, need
from refmodel.machines import MACHINES, ONE_BY_ONE, machine
from refmodel.variants import VARIANTS
from tests.lifting import asking as elsewhere
from tests.lifting.asking import BY_NAME, Paint, asking, is_red
from tests.lifting.everything import Colour

IS_RED = elsewhere.painted(Colour.RED)


@frozen(slots=False)
class Shown(Paint):
    @property
    def is_red(self) -> bool:
        return self.colour is Colour.RED


def by_a_function(self: Any, m: Any) -> Any:
    return m.but(bad=True) if is_red(m.colour) else m


def by_a_function_of_a_module(self: Any, m: Any) -> Any:
    return m.but(bad=True) if elsewhere.is_red(m.colour) else m


def by_a_function_in_a_table(self: Any, m: Any) -> Any:
    return m.but(bad=True) if BY_NAME["red"](m.colour) else m


def by_a_function_that_was_made(self: Any, m: Any) -> Any:
    return m.but(bad=True) if IS_RED(m.colour) else m


def by_the_state(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.is_red else m


def by_an_operator(self: Any, m: Any) -> Any:
    return m.but(bad=True) if operator.is_(m.colour, Colour.RED) else m


def by_what_it_imports(self: Any, m: Any) -> Any:
    from tests.lifting.asking import is_red as asks

    return m.but(bad=True) if asks(m.colour) else m


def inverting(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.lit and ~m.lit else m


def keeping(self: Any, m: Any) -> Any:
    self.times = getattr(self, "times", 0) + 1
    return m.but(bad=True) if self.times == 1000 else m


def catching(self: Any, m: Any) -> Any:
    try:
        return m.but(bad=True) if m.left else m
    except TypeError:
        return m


def catching_anything(self: Any, m: Any) -> Any:
    try:
        return m.but(bad=True) if m.left else m
    except:  # noqa: E722
        return m


def by_chance(self: Any, m: Any) -> Any:
    return m.but(bad=True) if chance() < 0.0001 else m


def by_the_clock(self: Any, m: Any) -> Any:
    return m.but(bad=True) if time.time() > 4e9 else m


def until_something_is_so(self: Any, m: Any) -> Any:
    left = m.left
    while left > 0:
        left = left - 1
    return m


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (by_a_function, "is_red .asking.py, line .*. asks what a value is"),
        (by_a_function_of_a_module, "is_red .asking.py, line .*. asks what a value is"),
        (by_a_function_in_a_table, "lambda> .asking.py, line .*. asks what a value is"),
        (by_a_function_that_was_made, "painted.* .asking.py, line .*. asks what a value is"),
        (by_the_state, "Shown.is_red .test_questions_elsewhere.py, line .*. asks what a value is"),
        (by_an_operator, "by_an_operator .test_questions_elsewhere.py, line .*. asks what a value is"),
        (by_what_it_imports, "by_what_it_imports .test_questions_elsewhere.py, line .*. imports what is not read"),
        (inverting, "has a ~"),
        (keeping, "keeps what is not in the state"),
        (by_chance, "leaves to chance"),
        (by_the_clock, "leaves to chance"),
        (until_something_is_so, "may not go on until something is so"),
        (catching, "catches more than Refused"),
        (catching_anything, "catches more than Refused"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_a_step_does_elsewhere_is_read(step: Callable[[Any, Any], Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        prove_all(asking(step, Shown if step is by_the_state else Paint))


@dataclass(frozen=True)
class Pages:
    """What a step may use to put together what it goes on with."""

    mine: Any
    theirs: Any

    def both(self) -> Any:
        return self.mine & self.theirs


class Several(NamedTuple):
    first: Any
    second: Any = None


def with_objects_of_its_own(self: Any, m: Any) -> Any:
    several = Several(Pages(m.ours, m.theirs))
    none = several.second is None
    match m.colour:
        case Colour.RED if several.second is None and none:
            return m.but(ours=several.first.both().add(m.page))
    return m.but(bad=m.bad | (several.second is not None), ours=m.ours.cleared())


def test_objects_of_python_may_be_used() -> None:
    assert not prove_all(asking(with_objects_of_its_own)).not_proved


def falling_back(self: Any, m: Any) -> Any:
    try:
        need(m.lit, "it is lit")
    except Refused:
        return m.but(lit=True)
    return m.but(bad=m.ours.is_full)


@frozen(slots=False)
class Named(Paint):
    """Fields that are called as functions and modules of Python are."""

    type: Pfn
    id: Pfn
    time: Pfn


def asking_fields(self: Any, m: Any) -> Any:
    return m.but(bad=(m.type == m.id) & (m.id == m.time) & (m.type != m.time))


def test_a_field_may_be_called_as_a_function_is() -> None:
    assert not prove_all(asking(asking_fields, Named)).not_proved


def test_what_a_guard_refuses_may_be_caught() -> None:
    assert [record.claim for _, record in prove_all(asking(falling_back)).not_proved] == ["never_bad"]


def test_none_of_ours_is_refused() -> None:
    for name in (*MACHINES, *ONE_BY_ONE):
        refuse_questions(type(machine(name)))
    for variant in VARIANTS.values():
        refuse_questions(variant.spec)
