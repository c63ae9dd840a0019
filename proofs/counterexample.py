"""Why an obligation fails: one step, from a state to a state, and the smallest part of the claim that it breaks.

It is a counterexample to *induction*: the state before satisfies every invariant, but need not be reachable. The
search gives schedules from the beginning.
"""

from collections.abc import Iterator
from itertools import product
from operator import attrgetter
from typing import Any

import z3
from attrs import frozen

from proofs.conjuncts import conjuncts, mentioned, named, put_in
from proofs.lifting.terms import expression
from proofs.obligations import Obligation
from proofs.saying import say
from proofs.solve import Options, solver_for
from refmodel.language.state import leaves

__all__ = ["Cell", "Counterexample", "explain"]

LARGEST = 4
"""Models are sought with one member of each sort, then two, and so on; beyond this, of any size."""
LONGEST = 400
"""A formula with more characters than this explains nothing."""


@frozen
class Cell:
    """One value of the state, e.g. ``log.dirty[pfn0]``, before and after the step."""

    where: str
    before: str
    after: str


@frozen
class Counterexample:
    """The step with its arguments, the place where the claim fails, what of it fails, and what to look at."""

    step: str
    path: int
    claim: str
    arguments: dict[str, str]
    place: dict[str, str]
    broken: str
    cells: tuple[Cell, ...]


def _sorts(e: Any) -> set[Any]:
    """The uninterpreted sorts of a formula, through the signature of what it uses."""
    found = set()
    for decl in mentioned(e).values():
        for sort in (decl.range(), *(decl.domain(i) for i in range(decl.arity()))):
            if sort.kind() == z3.Z3_UNINTERPRETED_SORT:
                found.add(sort)
    return found


def _at_most(sort: Any, size: int) -> Any:
    """The sort has no more members than that."""
    x = z3.Const("any", sort)
    return z3.ForAll([x], z3.Or([x == z3.Const(f"{sort.name()}.member.{i}", sort) for i in range(size)]))


def _smallest_model(obligation: Obligation, options: Options) -> Any:
    """A model with few members of every sort, then with fewer of each sort in turn; None if the solver has none."""
    solver = solver_for(obligation, options)
    solver.add(*obligation.conditions, z3.Not(obligation.goal))
    sorts = sorted(_sorts(z3.And(*solver.assertions())), key=str)

    def model(sizes: dict[Any, int]) -> Any:
        solver.push()
        solver.add(*(_at_most(sort, size) for sort, size in sizes.items()))
        found = solver.model() if solver.check() == z3.sat else None
        solver.pop()
        return found

    for size in range(1, LARGEST + 1):
        best = model(dict.fromkeys(sorts, size))
        if best is not None:
            sizes = dict.fromkeys(sorts, size)
            for sort in sorts:
                while sizes[sort] > 1 and (smaller := model(sizes | {sort: sizes[sort] - 1})) is not None:
                    best, sizes[sort] = smaller, sizes[sort] - 1
            return best
    return model({})


class _Names:
    """Readable names for what a model's expressions evaluate to."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.names: dict[str, str] = {}

    def universe(self, sort: Any) -> list[Any]:
        """The members of a key's sort."""
        if sort.kind() != z3.Z3_UNINTERPRETED_SORT:
            return [z3.BoolVal(False), z3.BoolVal(True)]
        members = self.model.get_universe(sort) or [self.model.eval(z3.Const("any", sort), model_completion=True)]
        return sorted(members, key=str)

    def value(self, e: Any) -> str:
        """The value's name: yes or no, a member such as ``pfn0``, a phase, a number."""
        value = self.model.eval(e, model_completion=True)
        if z3.is_bool(value):
            return "yes" if z3.is_true(value) else "no"
        if value.sort().kind() != z3.Z3_UNINTERPRETED_SORT:
            return str(value).rpartition(".")[2]
        if str(value) not in self.names:
            for number, member in enumerate(self.universe(value.sort())):
                self.names[str(member)] = f"{value.sort().name().lower()}{number}"
        return self.names[str(value)]


def _cells(shown: tuple[Any, ...], paths: set[str], names: _Names) -> Iterator[Cell]:
    """What differs between the two states, and what the claim mentions."""
    before, after = shown
    for leaf in leaves(type(before)):
        old, new = attrgetter(leaf.path)(before), attrgetter(leaf.path)(after)
        if leaf.keys:
            keys = product(*(names.universe(own.sort()) for own in old.own))
            rows = [(f"{leaf.path}[{', '.join(map(names.value, key))}]", old.at(key), new.at(key)) for key in keys]
        else:
            rows = [(leaf.path, expression(old), expression(new))]
        for where, was, is_now in rows:
            cell = Cell(where, names.value(was), names.value(is_now))
            if leaf.path in paths or cell.before != cell.after:
                yield cell


def _broken(obligation: Obligation, model: Any) -> tuple[str, set[str]]:
    """The first conjunct of the statement that is false in the model, in words, and the leaves that it mentions."""
    states, statement = named(obligation)
    for part in conjuncts(statement):
        if z3.is_false(model.eval(put_in(part, states, obligation.about), model_completion=True)):
            paths = {name.removeprefix("before.").removeprefix("after.") for name in mentioned(part)}
            said = say(part)
            return (said if len(said) <= LONGEST else ""), paths
    return "", set()


def explain(obligation: Obligation, options: Options) -> Counterexample | None:
    """A small counterexample to an obligation that was refuted; None if the solver now finds none."""
    model = _smallest_model(obligation, options)
    if model is None:
        return None
    names = _Names(model)
    said, paths = ("", set()) if obligation.note else _broken(obligation, model)
    if obligation.shows_hypotheses:
        known = mentioned(z3.And(*(formula for _, formula in obligation.hypotheses)))
        paths |= {name.removeprefix("m.") for name in known}
    constants = mentioned(z3.And(*obligation.conditions, obligation.goal))

    def values(prefix: str) -> dict[str, str]:
        chosen = sorted((name, decl) for name, decl in constants.items() if name.startswith(prefix))
        return {name.removeprefix(prefix): names.value(decl()) for name, decl in chosen}

    given, place = values("arg."), values("at.")
    return Counterexample(
        obligation.step,
        obligation.path,
        obligation.claim,
        given,
        place,
        obligation.note or said or obligation.claim.replace("_", " "),
        tuple(_cells(obligation.shown, paths, names)) if obligation.shown else (),
    )
