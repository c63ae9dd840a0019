"""Formulas built without the coercions of ``z3.And`` and its like are the same formulas, and no less checked."""

from collections.abc import Callable

import pytest
import z3

from proofs.lifting.building import all_of, any_of, equal, negation, put_in

A, B = z3.Bools("a b")
X, Y = z3.Ints("x y")
PAGE = z3.DeclareSort("Page")
P, Q = z3.Consts("p q", PAGE)
OWNER = z3.Function("owner", PAGE, z3.IntSort())


def test_what_is_built_is_what_z3_builds() -> None:
    for built, written in (
        (all_of(A, B), z3.And(A, B)),
        (all_of(), z3.And([])),
        (any_of(A, B, A, B), z3.Or(A, B, A, B)),
        (negation(A), z3.Not(A)),
        (equal(X, Y), X == Y),
        (equal(P, Q), P == Q),
    ):
        assert built.eq(written)
        assert type(built) is z3.BoolRef


@pytest.mark.parametrize(
    "body",
    [OWNER(P), OWNER(P) == X, z3.BoolVal(True), z3.IntVal(3), z3.ForAll([X], OWNER(P) > X), P, Q, z3.If(A, P, Q)],
    ids=str,
)
def test_what_is_put_in_is_put_in_as_z3_does(body: z3.ExprRef) -> None:
    for values in ([Q, X], [P, Y], [Q, z3.IntVal(1)]):
        ours = put_in(body, [P, X], values)
        theirs = z3.substitute(body, (P, values[0]), (X, values[1]))
        assert ours.eq(theirs)
        assert type(ours) is type(theirs)


def test_a_part_of_another_sort_is_an_error() -> None:
    wrongs: list[Callable[[], object]] = [
        lambda: all_of(A, X),
        lambda: any_of(P, A),
        lambda: negation(P),
        lambda: equal(P, X),
        lambda: put_in(OWNER(P), [P], [X]),
    ]
    for wrong in wrongs:
        with pytest.raises(z3.Z3Exception):
            wrong()
