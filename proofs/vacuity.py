"""Nothing is proved of nothing: the invariants can hold, and so can the conditions of every path of every step.

A path whose conditions contradict the invariants proves every claim; a contradiction among the invariants proves the
whole specification. Here each is shown to be satisfiable, by a model: a small one, for which the solver
has not far to look. Of a machine where no migration can begin everything would be proved; that one can, from an
initial state, is shown as well. How it goes on from there is for ``progress``.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import z3
from attrs import frozen

from proofs.lifting.lift import closed, initial_state, is_unchanged, paths_of
from proofs.lifting.terms import expression, z3_sort
from proofs.obligations import INITIAL, Chapter, Hypothesis, Obligation, theory_of
from proofs.saying import say
from refmodel.language import Sort, Specification
from refmodel.migration import AnyMachine, Migration

__all__ = ["BEGUN", "CAN_BE_TAKEN", "EXISTS", "Witnesses", "contradiction", "small_hypotheses"]

EXISTS = "an_initial_state_satisfies_every_invariant"
BEGUN = "a_migration_can_begin_in_an_initial_state"
CAN_BE_TAKEN = "the_path_can_be_taken_where_every_invariant_holds"

_SMALL = "a small model"
_SIZE = 3
"""Of each sort: a step and a claim name no more elements apart than that."""


@cache
def small_hypotheses(cls: type[Specification[Any]]) -> tuple[Hypothesis, ...]:
    """The invariants, in a model with few elements. What can hold there can hold; and a solver that may make ever more
    elements (of each page a place, of each place a page) does not always find an end to it."""
    small = []
    for name in cls().sorts:
        sort = z3_sort(Sort(name))
        any_one, elements = z3.Const(f"any.{name}", sort), [z3.Const(f"{name}.{i}", sort) for i in range(_SIZE)]
        small.append((_SMALL, z3.ForAll([any_one], z3.Or([any_one == each for each in elements]))))
    return (*theory_of(cls()).hypotheses, *small)


@frozen
class Witnesses(Chapter):
    """A state for every path, in which every invariant and every condition of the path holds."""

    spec: Specification[Any]

    def parts(self) -> Sequence[str]:
        """The initial states, then every step."""
        return (INITIAL, *self.spec.steps)

    def claims(self) -> Sequence[str]:
        """Two, each about satisfiability; of a machine one more."""
        return (EXISTS, CAN_BE_TAKEN, *((BEGUN,) if isinstance(self.spec, Migration) else ()))

    def obligations(self, part: str) -> Iterator[Obligation]:
        """One a path; a step that has no path at all can never be taken, and one that changes nothing is none. One or
        two of the initial states."""
        theory = theory_of(self.spec)
        group = f"{type(self.spec).__name__}: not vacuous"
        if part == INITIAL:
            state = initial_state(self.spec, theory.before)
            held = tuple(closed(self.spec, claim, state) for claim in self.spec.invariants)
            yield Obligation(group, part, 1, EXISTS, (), held, lambda: False, satisfiable=True)
            if isinstance(self.spec, Migration):
                begun = (*held, _begun(self.spec, state))
                yield Obligation(group, part, 2, BEGUN, (), begun, lambda: False, satisfiable=True)
            return
        hypotheses = small_hypotheses(type(self.spec))
        paths = paths_of(self.spec, self.spec.steps[part], theory.before)
        note = "no path changes anything" if all(is_unchanged(theory.before, p.successor) for p in paths) else ""
        never = [(1, (expression(False),))]
        for number, conditions in never if note else [(path.number, path.conditions) for path in paths]:
            yield Obligation(
                group, part, number, CAN_BE_TAKEN, hypotheses, conditions, lambda: False, note=note, satisfiable=True
            )


def _begun(spec: AnyMachine, state: Any) -> Any:
    """Some path of the beginning is open in the state, and leads to another phase."""
    paths = paths_of(spec, spec.steps["begin"], state)
    ways = [z3.And(*path.conditions, expression(path.successor.phase != state.phase)) for path in paths]
    return z3.Or(*ways) if ways else z3.BoolVal(False)


def contradiction(obligation: Obligation) -> list[str]:
    """Which invariants and conditions of an unsatisfiable obligation cannot hold together, by name or as said."""
    solver = z3.SimpleSolver()
    solver.set(unsat_core=True)
    conditions = [(say(formula), formula) for formula in obligation.conditions]
    for number, (name, formula) in enumerate([*obligation.hypotheses, *conditions]):
        solver.assert_and_track(formula, f"{number} {name}")
    solver.check()
    return sorted({str(tracked).strip("|").partition(" ")[2] for tracked in solver.unsat_core()})
