"""A specification's steps and claims, lifted: paths with conditions and successors, formulas over any state."""

from collections.abc import Callable
from enum import IntEnum
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import z3
from attrs import fields, frozen

from proofs.lifting.maps import SymbolicMap, SymbolicSet
from proofs.lifting.paths import all_runs, below_binder
from proofs.lifting.questions import refuse_questions
from proofs.lifting.terms import enum_sort, expression, term, z3_sort
from refmodel.language import Claim, Map, Set, Sort, Specification, State, Step
from refmodel.language.state import Leaf, build, leaves

__all__ = ["Path", "any_state", "arguments", "claimed", "closed", "initial_state", "is_unchanged", "paths_of", "skolem"]

S = TypeVar("S", bound=State)


@frozen
class Path(Generic[S]):
    """One way through a step: what must hold in the state before, and the state after."""

    step: str
    number: int
    conditions: tuple[Any, ...]
    successor: S

    @property
    def name(self) -> str:
        """The step's name and the path's number, e.g. ``write_fault/2``."""
        return f"{self.step}/{self.number}"


def _held(leaf: Leaf) -> Any:
    """The Z3 sort of what a leaf holds."""
    if leaf.kind in (Set, bool):
        return z3.BoolSort()
    return enum_sort(leaf.kind)[0] if issubclass(leaf.kind, IntEnum) else z3_sort(leaf.sort)


def any_state(cls: type[S], prefix: str = "m.") -> S:
    """A state of which nothing is known: a function a map, a constant a scalar, named by the leaf's path."""

    def make(leaf: Leaf) -> Any:
        name = prefix + leaf.path
        if leaf.kind is Set:
            return SymbolicSet.unknown(leaf.keys, name, _held(leaf))
        if leaf.kind is Map:
            return SymbolicMap.unknown(leaf.keys, name, _held(leaf))
        return term(z3.Const(name, _held(leaf)))

    return build(cls, make)


def arguments(parameters: tuple[tuple[str, Sort], ...], prefix: str = "arg.") -> list[Any]:
    """A fresh constant for each parameter."""
    return [term(z3.Const(prefix + name, z3_sort(sort))) for name, sort in parameters]


@cache
def _leaves(cls: type[State]) -> tuple[tuple[Leaf, Callable[[Any], Any], Any], ...]:
    """Every leaf with how to fetch it and the Z3 sort of what it holds."""
    return tuple((leaf, attrgetter(leaf.path), _held(leaf)) for leaf in leaves(cls))


def _check_fields(state: State) -> None:
    """Refuse a successor with a field that its class does not have, or of another sort: ``but`` takes anything."""
    _check_names(state)
    cls: Any = type(state)
    for leaf, fetch, held in _leaves(cls):
        found = fetch(state)
        body = found.body if isinstance(found, SymbolicMap) else expression(found)
        if getattr(found, "sorts", ()) != leaf.keys or body.sort() != held:
            raise TypeError(f"{cls.__name__}.{leaf.path} is given what is of another sort")


def is_unchanged(before: State, after: State) -> bool:
    """Every leaf is what it was, as it stands."""

    def body(found: Any) -> Any:
        return found.body if isinstance(found, SymbolicMap) else expression(found)

    cls: Any = type(before)
    return all(body(fetch(before)).eq(body(fetch(after))) for _, fetch, _ in _leaves(cls))


def _check_names(state: State) -> None:
    names = {field.name for field in fields(type(state))}
    if set(vars(state)) != names:
        raise TypeError(f"{type(state).__name__} has no field {sorted(set(vars(state)) - names)}")
    for part in vars(state).values():
        if isinstance(part, State):
            _check_names(part)


def paths_of(spec: Specification[S], step: Step, before: S) -> list[Path[S]]:
    """Every path of a step, from any state, that its own conditions do not rule out."""
    refuse_questions(type(spec))
    function = getattr(spec, step.name)
    given = arguments(step.parameters)
    paths = []
    for number, (conditions, successor) in enumerate(all_runs(lambda: function(before, *given)), 1):
        _check_fields(successor)
        paths.append(Path(step.name, number, tuple(conditions), successor))
    return paths


def initial_state(spec: Specification[S], anything: S) -> S:
    """The initial states: all that the machine leaves open is unknown."""
    runs = list(all_runs(lambda: spec.initial(anything)))
    if decided := [conditions for conditions, _ in runs if conditions]:
        raise TypeError(f"{type(spec).__name__}.initial decides {decided}: it must be one path")
    [(_, state)] = runs
    _check_fields(state)
    return state


def claimed(spec: Specification[Any], claim: Claim, states: tuple[Any, ...], given: list[Any]) -> Any:
    """The claim as a formula over these states and arguments; a fork in it is refused."""
    with below_binder():
        return expression(getattr(spec, claim.name)(*states, *given))


def closed(spec: Specification[Any], claim: Claim, *states: Any) -> Any:
    """The claim, universally quantified."""
    given = arguments(claim.parameters, "all.")
    formula = claimed(spec, claim, states, given)
    return z3.ForAll([g.expression for g in given], formula) if given else formula


def skolem(spec: Specification[Any], claim: Claim, *states: Any) -> Any:
    """The claim at one place of which nothing is known: what is to be proved."""
    return claimed(spec, claim, states, arguments(claim.parameters, "at."))
