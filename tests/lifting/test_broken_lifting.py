"""The differential test is itself tested: the lifting is broken on purpose, and each time the two no longer agree."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import z3

from proofs.lifting.differential import Lifted
from proofs.lifting.maps import SymbolicMap, SymbolicSet
from proofs.lifting.paths import Run
from proofs.lifting.terms import Term, Truth, expression, term
from refmodel.language import Sort, Specification
from refmodel.seed import Bare
from tests.lifting.everything import Everything
from tests.lifting.random_pairs import Pair, RandomPairs

Method = Callable[..., Any]

_decide = Run.decide
_put = SymbolicMap.set


@cache
def some_pairs(machine: type[Specification[Any]]) -> list[Pair[Any]]:
    return list(RandomPairs(machine(), 6).pairs(1_500))


def disagreements(machine: type[Specification[Any]]) -> Iterator[str]:
    pairs = some_pairs(machine)
    lifted = Lifted(machine())
    for pair in pairs:
        yield from lifted.of_action(pair.sizes, pair.state, pair.action)[0]
        yield from lifted.of_state(pair.sizes, pair.state)


def where_the_predicate_is_the_wrong_way_round(self: Any, predicate: Method, member: Any) -> Any:
    holds = z3.Not(self._holds(predicate))
    return type(self)(self.sorts, z3.Or(self.body, holds) if member else z3.And(self.body, z3.Not(holds)))


def where_of_the_members_only(self: Any, predicate: Method, member: Any) -> Any:
    return type(self)(self.sorts, z3.And(self.body, self._holds(predicate) == bool(member)))


class Late(SymbolicSet):
    """Its body is made only when somebody looks at it."""

    __slots__ = ("late",)

    def __init__(self, sorts: tuple[Sort, ...], body: Any) -> None:
        self.sorts = sorts
        self.late = body if callable(body) else lambda: body

    body: Any = property(lambda self: self.late())


def where_the_predicate_is_evaluated_late(self: Any, predicate: Method, member: Any) -> Any:
    def body() -> Any:
        holds = self._holds(predicate)
        return z3.Or(self.body, holds) if member else z3.And(self.body, z3.Not(holds))

    return Late(self.sorts, body)


def put_that_forgets_the_old_body(self: Any, key: Any, member: Any) -> Any:
    return type(self)(self.sorts, z3.And(self._is(key), expression(member)))


def set_that_keeps_the_old_value(self: Any, key: Any, value: Any) -> Any:
    return self


def set_everywhere(self: Any, key: Any, value: Any) -> Any:
    """The key's constants are taken for the key."""
    return type(self)(self.sorts, expression(value))


def a_key_whose_first_part_is_dropped(self: Any, key: Any) -> Any:
    return self.own[-1] == self._keys(key)[-1]


def a_key_in_the_wrong_order(self: Any, keys: list[Any]) -> Any:
    swapped = keys[::-1] if [k.sort() for k in keys] == [k.sort() for k in keys[::-1]] else keys
    return z3.substitute(self.body, *zip(self.own, swapped, strict=True))


def decide_that_drops_a_condition(self: Run, condition: Any) -> bool:
    way = _decide(self, condition)
    del self.conditions[2:3]
    return way


def decide_that_never_takes_the_other_way(self: Run, condition: Any) -> bool:
    way = _decide(self, condition)
    del self.open_forks[2:]
    return way


def decide_that_notes_the_opposite(self: Run, condition: Any) -> bool:
    before = len(self.conditions)
    way = _decide(self, condition)
    if len(self.conditions) > before == 1:
        self.conditions[-1] = z3.Not(self.conditions[-1])
    return way


def pick_with_swapped_branches(self: Truth, yes: Any, no: Any) -> Any:
    return term(z3.If(self.expression, expression(no), expression(yes)))


def equal(self: Any, other: Any) -> Any:
    return Truth(self.expression == expression(other))


def nothing(self: Any) -> Any:
    return type(self)(self.sorts, z3.BoolVal(False))


def same_everywhere(self: Any, other: Any, where: Any = None) -> Any:
    return self._for_all(self.body == other.body)


def for_some(self: Any, formula: Any) -> Any:
    fresh = [z3.Const(f"some.{i}", own.sort()) for i, own in enumerate(self.own)]
    return Truth(z3.Exists(fresh, z3.substitute(formula, *zip(self.own, fresh, strict=True))))


def at_least(self: Term, other: Any) -> Any:
    return Truth(self.expression >= expression(other))


def added(self: Any, key: Any) -> Any:
    return _put(self, key, True)


MISTAKES: list[tuple[type[Specification[Any]], type, str, Method]] = [
    (Bare, SymbolicSet, "where", where_the_predicate_is_the_wrong_way_round),
    (Bare, SymbolicSet, "where", where_of_the_members_only),
    (Everything, SymbolicSet, "where", where_the_predicate_is_evaluated_late),
    (Bare, SymbolicSet, "put", put_that_forgets_the_old_body),
    (Bare, SymbolicMap, "set", set_that_keeps_the_old_value),
    (Bare, SymbolicMap, "set", set_everywhere),
    (Bare, SymbolicMap, "_is", a_key_whose_first_part_is_dropped),
    (Everything, SymbolicMap, "at", a_key_in_the_wrong_order),
    (Bare, SymbolicMap, "_for_all", for_some),
    (Everything, SymbolicMap, "same", same_everywhere),
    (Bare, Run, "decide", decide_that_drops_a_condition),
    (Bare, Run, "decide", decide_that_never_takes_the_other_way),
    (Bare, Run, "decide", decide_that_notes_the_opposite),
    (Everything, Truth, "pick", pick_with_swapped_branches),
    (Bare, Term, "__ne__", equal),
    (Everything, Truth, "__ne__", equal),
    (Everything, Term, "__gt__", at_least),
    (Bare, SymbolicSet, "filled", nothing),
    (Bare, SymbolicSet, "discard", added),
]


@pytest.mark.parametrize(
    ("machine", "owner", "method", "mistake"), MISTAKES, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_mistake_in_the_lifting_is_noticed(
    machine: type[Specification[Any]],
    owner: type,
    method: str,
    mistake: Method,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some_pairs(machine)
    monkeypatch.setattr(owner, method, mistake)
    assert next(disagreements(machine), None)


@pytest.mark.parametrize("machine", [Bare, Everything])
def test_without_a_mistake_nothing_is_noticed(machine: type[Specification[Any]]) -> None:
    assert next(disagreements(machine), None) is None


def test_a_step_that_raises_anything_but_refused_is_no_path() -> None:
    class Mistaken(Everything):
        def choose(self, m: Any, cpu: Any, vpn: Any, page: Any) -> Any:
            if m.lit:
                raise KeyError("no such page")
            return super().choose(m, cpu, vpn, page)

    with pytest.raises(KeyError):
        Lifted(Mistaken())
