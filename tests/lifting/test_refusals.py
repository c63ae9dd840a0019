"""What the lifting refuses, because it would otherwise prove something else than what runs."""

from typing import Any

import pytest
import z3
from attrs import frozen

from proofs.lifting.lift import any_state, claimed, closed, initial_state, paths_of, skolem
from proofs.lifting.paths import ForkUnderBinder, all_runs, below_binder, binder_depth, decide
from proofs.lifting.terms import expression, term
from refmodel.language import Contract, Flag, Pfn, Refused, Set, Specification, State, guest, invariant, need


@frozen(slots=False)
class Part(State):
    pages: Set[Pfn]


@frozen(slots=False)
class Whole(State):
    part: Part
    lit: bool


class Careless(Specification[Whole]):
    state = Whole

    def initial(self, anything: Whole) -> Whole:
        return anything.but(lit=True) if anything.lit else anything

    @guest
    def fork_in_a_predicate(self, m: Whole, page: Pfn) -> Whole:
        def predicate(p: int) -> bool:
            return False if m.part.pages[p] else p == page

        return m.but(part=m.part.but(pages=m.part.pages.where(predicate, True)))

    @guest
    def connective_in_a_predicate(self, m: Whole) -> Whole:
        need(m.part.pages.never(lambda p: m.lit and m.part.pages[p]), "no page")
        return m

    @guest
    def misspelt(self, m: Whole) -> Whole:
        return m.but(lights=True)

    @guest
    def misspelt_below(self, m: Whole, flag: Flag) -> Whole:
        return m.but(part=m.part.but(page=m.part.pages)) if flag else m

    @guest
    def refused_always(self, m: Whole) -> Whole:
        need(m.lit, "it is lit")
        need(not m.lit, "it is dark")
        return m

    @invariant(Contract.PROMISE)
    def fork_in_a_claim(self, m: Whole, page: Pfn) -> bool:
        return m.part.pages[page] if m.lit else True

    @invariant(Contract.PROMISE)
    def nothing_to_decide(self, m: Whole) -> bool:
        return True


SPEC = Careless()
M: Any = any_state(Whole)


@pytest.mark.parametrize("step", ["fork_in_a_predicate", "connective_in_a_predicate"])
def test_a_fork_in_a_predicate_given_to_a_map_is_refused(step: str) -> None:
    with pytest.raises(ForkUnderBinder, match="nothing may be decided here"):
        paths_of(SPEC, SPEC.steps[step], M)


@pytest.mark.parametrize("form", [closed, skolem])
def test_a_fork_in_a_claim_is_refused(form: Any) -> None:
    with pytest.raises(ForkUnderBinder):
        form(SPEC, SPEC.claims["fork_in_a_claim"], M)
    assert binder_depth() == 0


def test_a_claim_that_is_a_plain_bool_is_a_formula() -> None:
    assert z3.is_true(claimed(SPEC, SPEC.claims["nothing_to_decide"], (M,), []))
    assert z3.is_true(closed(SPEC, SPEC.claims["nothing_to_decide"], M))


def test_an_initial_state_that_decides_is_refused() -> None:
    with pytest.raises(TypeError, match="Careless"):
        initial_state(SPEC, M)


def test_an_initial_state_with_a_guard_is_refused() -> None:
    class Guarded(Careless):
        def initial(self, anything: Whole) -> Whole:
            need(anything.lit, "it is lit")
            return anything

    with pytest.raises(TypeError, match="Guarded"):
        initial_state(Guarded(), M)


def test_a_misspelt_field_of_the_initial_state_is_refused() -> None:
    class Misspelt(Careless):
        def initial(self, anything: Whole) -> Whole:
            return anything.but(lights=True)

    with pytest.raises(TypeError, match="has no field"):
        initial_state(Misspelt(), M)


@pytest.mark.parametrize(("step", "field"), [("misspelt", "lights"), ("misspelt_below", "page")])
def test_a_misspelt_field_is_refused_on_whatever_path_it_is(step: str, field: str) -> None:
    with pytest.raises(TypeError, match=f"has no field \\['{field}'\\]"):
        paths_of(SPEC, SPEC.steps[step], M)


def test_nothing_can_be_decided_outside_a_run() -> None:
    with pytest.raises(ForkUnderBinder):
        bool(term(z3.Bool("x")))
    with below_binder(), pytest.raises(ForkUnderBinder):
        decide(z3.Bool("x"))


def test_guards_that_rule_each_other_out_leave_no_path() -> None:
    assert paths_of(SPEC, SPEC.steps["refused_always"], M) == []


def test_every_path_is_taken_once_and_no_fork_is_asked_twice_on_it() -> None:
    x, y = z3.Bools("x y")

    def asks() -> str:
        if not term(z3.Or(x, y)):
            raise Refused("x or y")
        first = "x" if term(x) else "not x"
        return first + (" and y" if term(y) else "") + (" still" if term(x) else "")

    assert sorted(result for _, result in all_runs(asks)) == ["not x and y", "x and y still", "x still"]


def test_runs_may_nest_and_an_exception_leaves_no_run_behind() -> None:
    def outer() -> list[bool]:
        inner = [way for _, way in all_runs(lambda: bool(term(z3.Bool("inner"))))]
        return [*inner, bool(term(z3.Bool("outer")))]

    assert [result for _, result in all_runs(outer)] == [[True, False, True], [True, False, False]]

    def fails() -> None:
        raise KeyError(bool(term(z3.Bool("x"))))

    with pytest.raises(KeyError):
        list(all_runs(fails))
    with pytest.raises(ForkUnderBinder):
        decide(z3.Bool("x"))


def test_values_become_expressions_and_truths_combine_with_bools() -> None:
    x = term(z3.Bool("x"))
    assert z3.is_int_value(expression(3))
    assert z3.is_true(z3.simplify((x | True).expression))
    assert z3.is_false(z3.simplify((False & x).expression))
    assert z3.is_true(z3.simplify((~(x != x)).expression))
    assert expression(z3.IntVal(3)).as_long() == 3


def test_what_is_decided_already_is_no_fork() -> None:
    x = term(z3.Bool("x"))
    [(conditions, result)] = all_runs(lambda: (bool(x | ~x), bool(x & ~x)))
    assert (conditions, result) == ([], (True, False))
