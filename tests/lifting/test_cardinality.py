"""The lemmas about a set's size are axioms to the prover; here each is tested on every concrete set of a few sizes."""

from itertools import product
from typing import Any

import pytest
import z3

from proofs.lifting.cardinality import COUNTED, lemmas
from proofs.lifting.evaluate import Target, compiled
from proofs.lifting.lift import any_state
from proofs.lifting.paths import ForkUnderBinder, all_runs, below_binder
from refmodel.language import Map, Set, need
from tests.lifting.everything import Everything, Thing

ANY: Any = any_state(Thing)


def counted_of_one_key() -> Any:
    [(conditions, size)] = list(all_runs(lambda: ANY.ours.size))
    return size, conditions


def test_every_lemma_holds_of_every_concrete_set() -> None:
    size, conditions = counted_of_one_key()
    known = COUNTED[str(size.expression)]
    for pages in (1, 2, 3, 4):
        sizes = {"pfn": pages, "cpu": 1, "vpn": 1, "word": 1, "value": 1}
        evaluate = compiled([Target(lemma) for lemma in lemmas(known)], ["m"])
        blank = Everything().start(sizes)
        for members in product((0, 1), repeat=pages):
            bits = sum(member << i for i, member in enumerate(members))
            m = blank.but(ours=Set((pages,), bits))
            assert evaluate(sizes, m) == [True] * len(lemmas(known))
            assert m.ours.size == sum(members)
    assert [c.sexpr() for c in conditions] == [lemma.sexpr() for lemma in lemmas(known)]


def test_the_lemmas_are_what_a_path_knows_of_a_size() -> None:
    def nothing_is_owed() -> Any:
        need(ANY.ours.size == 0, "nothing is owed")
        return ANY.ours.is_empty

    [(conditions, is_empty)] = list(all_runs(nothing_is_owed))
    solver = z3.Solver()
    solver.add(*conditions, z3.Not(is_empty.expression))
    assert solver.check() == z3.unsat


def test_one_set_has_one_size_however_often_it_is_asked() -> None:
    [(_, (one, other))] = list(all_runs(lambda: (ANY.theirs.size, ANY.theirs.size)))
    assert one.expression.eq(other.expression)


def test_a_claim_may_not_count() -> None:
    with below_binder(), pytest.raises(ForkUnderBinder, match="may not count"):
        ANY.ours.size  # noqa: B018


def test_sets_made_concretely() -> None:
    ours: Set[Any] = Set((4,), 0b0110)
    theirs: Set[Any] = Set((4,), 0b0011)
    assert (ours & theirs).members() == [1]
    assert (ours - theirs).members() == [2]
    assert ours.only(lambda p: p > 1).members() == [2, 3]
    assert Map.full_of((2, 2), 0).made(lambda a, b: 10 * a + b).cells == (0, 1, 10, 11)
