"""How many members a set has: an unknown number, and the lemmas about it that are taken for granted.

Counting is not first-order over sorts of any size. A step that asks for a set's size gets a fresh number, and its path
the lemmas of that number: it is never negative; it is 0 exactly where no key is a member. They are axioms here;
``tests/lifting/test_cardinality.py`` tests each on concrete sets. No claim may count: there is no path to assume on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import z3
from attrs import frozen

from proofs.lifting.building import put_in
from proofs.lifting.paths import ForkUnderBinder, assume, binder_depth
from refmodel.language import Sort

__all__ = ["COUNTED", "Counted", "cardinality", "depends_on", "lemmas", "numbers_in", "without_lemmas"]


@frozen(eq=False)
class Counted:
    """A set whose members are counted: the number, the constants that stand for a key, and the set over them."""

    number: Any
    sorts: tuple[Sort, ...]
    own: tuple[Any, ...]
    body: Any

    def over(self, keys: list[Any]) -> Any:
        """The set at these keys."""
        return put_in(self.body, self.own, keys)


COUNTED: dict[str, Counted] = {}
"""By the name of the number."""
_BY_BODY: dict[tuple[tuple[Sort, ...], int], Counted] = {}
"""All pages and all CPUs have one body, and not one number."""


def cardinality(sorts: tuple[Sort, ...], own: list[Any], body: Any) -> Any:
    """The number of a set's members; the lemmas join the path's conditions."""
    if binder_depth():
        raise ForkUnderBinder("a claim or a predicate may not count: write what it is counted for")
    body = z3.simplify(body)
    known = _BY_BODY.get((sorts, body.get_id()))
    if known is None:
        number = z3.Int(f"size.{len(COUNTED)}")
        known = Counted(number, sorts, tuple(own), body)
        COUNTED[str(number)] = _BY_BODY[sorts, body.get_id()] = known
    for lemma in lemmas(known):
        assume(lemma)
    return known.number


def lemmas(counted: Counted) -> list[Any]:
    """What is assumed of one set's number."""
    keys = [
        z3.Const(f"member.{i}.{sort.name}", own.sort())
        for i, (sort, own) in enumerate(zip(counted.sorts, counted.own, strict=True))
    ]
    nobody = z3.ForAll(keys, z3.Not(counted.over(keys)))
    return [counted.number >= 0, (counted.number == 0) == nobody]


def without_lemmas(conditions: Iterable[Any]) -> list[Any]:
    """A path's conditions but for what it takes for granted of numbers."""
    known = {lemma.get_id() for counted in COUNTED.values() for lemma in lemmas(counted)}
    return [condition for condition in conditions if condition.get_id() not in known]


def numbers_in(conditions: Iterable[Any]) -> list[Counted]:
    """The sets whose numbers the conditions ask for."""
    names = {str(constant) for condition in conditions for constant in _constants(condition)}
    return [counted for name, counted in COUNTED.items() if name in names]


def depends_on(counted: Counted, constants: Sequence[Any]) -> bool:
    """The set that is counted is another for other values of these constants."""
    return bool({str(constant) for constant in constants} & {str(constant) for constant in _constants(counted.body)})


def _constants(term: Any) -> list[Any]:
    todo, seen, found = [term], set(), []
    while todo:
        each = todo.pop()
        if each.get_id() in seen:
            continue
        seen.add(each.get_id())
        if z3.is_const(each) and each.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.append(each)
        todo += [each.body()] if z3.is_quantifier(each) else each.children()
    return found
