"""The evaluator by itself: each operator, what it refuses, and that shared terms cost what they are, not their tree."""

from typing import Any

import pytest
import z3

from proofs.lifting.differential import enumerations
from proofs.lifting.evaluate import CannotEvaluate, Target, compiled, source_of
from proofs.lifting.terms import enum_sort, z3_sort
from refmodel.language import Map, Set
from refmodel.language.sorts import Sort
from tests.lifting.everything import Colour, Thing

PFN, CPU = z3_sort(Sort("pfn")), z3_sort(Sort("cpu"))
SIZES = {"pfn": 3, "cpu": 2}


class State:
    """Any object with the fields that an expression names is a state to the evaluator."""

    class part:  # noqa: N801
        frame: Any = Map((3,), (2, 0, 1))
        dirty: Any = Set((3,), 0b011)
        tlb: Any = Map((2, 3), (0, 1, 2, 2, 1, 0))

    count = 5
    lit = True
    colour = Colour.BLUE


FRAME = z3.Function("m.part.frame", PFN, PFN)
DIRTY = z3.Function("m.part.dirty", PFN, z3.BoolSort())
TLB = z3.Function("m.part.tlb", CPU, PFN, PFN)
COUNT, LIT = z3.Int("m.count"), z3.Bool("m.lit")
COLOUR = z3.Const("m.colour", enum_sort(Colour)[0])
P, Q, C = z3.Const("p", PFN), z3.Const("q", PFN), z3.Const("c", CPU)
RED, BLUE = (enum_sort(Colour)[1][int(colour)] for colour in Colour)


def value_of(expression: Any, *given: tuple[Any, Any]) -> Any:
    evaluate = compiled([Target(expression)], ["m"], [constant for constant, _ in given], enumerations(Thing))
    [value] = evaluate(SIZES, State, *(value for _, value in given))
    return value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (z3.BoolVal(True), True),
        (z3.And(LIT, z3.BoolVal(False)), False),
        (z3.Or(z3.Not(LIT), COUNT == 5), True),
        (z3.Implies(LIT, COUNT < 5), False),
        (z3.Implies(z3.Not(LIT), COUNT < 5), True),
        (z3.If(LIT, COUNT - 1, COUNT + 1), 4),
        (z3.If(z3.Not(LIT), COUNT, -COUNT * 2), -10),
        (z3.And(COUNT >= 5, COUNT <= 5, z3.Not(COUNT > 5)), True),
        (COLOUR, Colour.BLUE),
        (z3.If(COLOUR == BLUE, RED, BLUE), Colour.RED),
        (COLOUR != RED, True),
        (z3.Distinct(COUNT, COUNT + 1, COUNT - 1), True),
        (z3.Distinct(COUNT, COUNT + 1, COUNT - 0), False),
        (z3.ForAll([P], z3.Or(DIRTY(P), FRAME(P) != P)), True),
        (z3.ForAll([P], DIRTY(P)), False),
        (z3.Exists([P], z3.Not(DIRTY(P))), True),
        (z3.Exists([P], FRAME(P) == P), False),
        (z3.ForAll([C, P], TLB(C, P) == P), False),
        (z3.Exists([C], z3.ForAll([P], TLB(C, P) == P)), True),
        (z3.ForAll([P], z3.Exists([Q], z3.And(FRAME(Q) == P, z3.Exists([P], FRAME(P) == Q)))), True),
        (z3.ForAll([z3.Bool("b")], z3.Or(z3.Bool("b"), LIT)), True),
        (z3.ForAll([z3.Bool("b")], z3.And(z3.Bool("b"), LIT)), False),
    ],
)
def test_an_expression_has_the_value_that_it_says(expression: Any, value: Any) -> None:
    found = value_of(expression)
    assert found == value
    assert type(found) is type(value)


def test_arguments_are_put_in_and_keys_are_passed_in_order() -> None:
    assert [value_of(TLB(C, P), (C, c), (P, p)) for c in range(2) for p in range(3)] == [0, 1, 2, 2, 1, 0]
    assert value_of(TLB(C, FRAME(FRAME(P))), (C, 1), (P, 0)) == 1


def test_a_table_has_every_place_in_the_order_of_the_keys() -> None:
    shared = z3.And(DIRTY(TLB(C, P)), LIT)
    body = z3.If(shared, z3.If(z3.Not(shared), COUNT, COUNT + 1), COUNT)
    evaluate = compiled([Target(TLB(C, P), (C, P)), Target(body, (C, P)), Target(P, (P,)), Target(COUNT)], ["m"])
    assert evaluate(SIZES, State) == [[0, 1, 2, 2, 1, 0], [6, 6, 5, 5, 6, 6], [0, 1, 2], 5]


def test_two_states_are_told_apart_by_their_names() -> None:
    evaluate = compiled([Target(z3.Int("before.count") < z3.Int("after.count"))], ["before", "after"])

    class Later(State):
        count = 6

    assert evaluate(SIZES, State, Later) == [True]
    assert evaluate(SIZES, Later, State) == [False]


def test_a_shared_term_is_computed_once() -> None:
    body = FRAME(P)
    for _ in range(60):
        body = z3.If(body == P, FRAME(body), body)
    assert source_of([Target(body, (P,))], ["m"]).count("\n") < 200
    assert compiled([Target(body, (P,))], ["m"])(SIZES, State) == [[2, 0, 1]]


def test_a_long_chain_does_not_nest_too_deep_for_the_parser() -> None:
    body = COUNT
    for i in range(150):
        body = z3.If(i == COUNT, z3.IntVal(i), body + 1)
    assert value_of(body) == 149


def test_what_does_not_depend_on_a_loop_is_computed_outside_it() -> None:
    shared = FRAME(FRAME(Q))
    formula = z3.ForAll([P], z3.Or(DIRTY(shared), FRAME(P) == shared))
    source = source_of([Target(formula)], ["m"], [Q])
    assert source.index("f0[f0[g0]]" if "f0[f0[g0]]" in source else "[g0]") < source.index("for ")
    assert value_of(formula, (Q, 1)) is False
    assert value_of(formula, (Q, 2)) is True


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (DIRTY(P), "nobody said what p stands for"),
        (z3.Bool("arg.flag"), "nobody said what arg.flag stands for"),
        (z3.ForAll([z3.Int("n")], z3.Int("n") == COUNT), "no finite domain"),
        (z3.Select(z3.Lambda([P], DIRTY(P)), P), "a lambda"),
        (COUNT % 2, "no reading for mod"),
        (z3.And([]), "no reading for and"),
    ],
)
def test_what_no_specification_gives_rise_to_is_refused(expression: Any, reason: str) -> None:
    with pytest.raises(CannotEvaluate, match=reason):
        source_of([Target(expression)], ["m"])
