"""The lifting held against the functions that it lifts: both are asked the same, at concrete states.

The lifted answer is evaluated by ``evaluate``. Whatever the two differ in is said as a sentence; a path that a
concrete action takes is named, so that a test can count how often each was taken.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from operator import attrgetter
from typing import Any, Generic, TypeVar

import z3
from attrs import frozen

from proofs.lifting.evaluate import Target, compiled
from proofs.lifting.lift import any_state, arguments, closed, initial_state, paths_of, skolem
from proofs.lifting.paths import all_runs
from proofs.lifting.terms import enum_sort, expression
from refmodel.language import Action, Claim, Map, Refused, Set, Sizes, Specification, State
from refmodel.language.sorts import domain
from refmodel.language.state import Leaf, leaves

__all__ = ["Lifted", "LiftedFunction", "differences", "enumerations", "lifted_function", "observed"]

S = TypeVar("S", bound=State)


def enumerations(*classes: type[State]) -> dict[str, type[IntEnum]]:
    """The enumerations that occur in these states, by the names that their sorts have, as names of Python's."""
    kinds = (leaf.kind for cls in classes for leaf in leaves(cls))
    return {enum_sort(kind)[0].name().replace(".", "_"): kind for kind in kinds if issubclass(kind, IntEnum)}


def observed(state: State, leaf: Leaf) -> Any:
    """A concrete leaf as plain values: in key order for a map or a set."""
    held = attrgetter(leaf.path)(state)
    return [held[key] for key in held.every_key()] if leaf.kind in (Map, Set) else held


def _alike(ours: Any, theirs: Any) -> bool:
    """Equal, and of the same types: a flag is a real bool, a phase a real Phase."""
    if isinstance(ours, list):
        return bool(ours == theirs) and list(map(type, ours)) == list(map(type, theirs))
    return type(ours) is type(theirs) and bool(ours == theirs)


def differences(parts: Sequence[Leaf], concrete: State, lifted: Sequence[Any]) -> Iterator[str]:
    """Where a concrete state and the values of a lifted one, leaf by leaf, are not the same."""
    for leaf, value in zip(parts, lifted, strict=True):
        found = observed(concrete, leaf)
        if not _alike(found, value):
            yield f"{leaf.path} is {found}, lifted {value}"


@frozen
class LiftedFunction:
    """A lifted function to a state: when each path is taken, and every leaf at its end."""

    parts: tuple[Leaf, ...]
    names: tuple[str, ...]
    taken: Callable[..., list[bool]]
    ends: tuple[Callable[..., list[Any]], ...]

    @classmethod
    def of(cls, reads: type[State], returns: type[State], runs: Sequence[Any], given: Sequence[Any] = ()) -> Any:
        """Compile runs, each a name, its conditions and the state at its end, over a state ``m`` and arguments."""
        scope = enumerations(reads, returns)
        constants = [argument.expression for argument in given]
        parts = tuple(leaves(returns))
        conditions = [Target(z3.And(*found) if found else z3.BoolVal(True)) for _, found, _ in runs]
        ends = (compiled(_leaf_targets(parts, end), ["m"], constants, scope) for *_, end in runs)
        taken = compiled(conditions, ["m"], constants, scope)
        return cls(parts, tuple(name for name, *_ in runs), taken, tuple(ends))

    def compare(self, sizes: Sizes, m: State, given: Sequence[Any], concrete: State | None) -> tuple[list[str], str]:
        """What differs from the concrete end (None: refused); and the path taken, or nothing."""
        ways = [i for i, taken in enumerate(self.taken(sizes, m, *given)) if taken]
        if len(ways) != (concrete is not None):
            names = [self.names[way] for way in ways]
            return [f"{'refused' if concrete is None else 'enabled'}, but lifted it takes the paths {names}"], ""
        if concrete is None:
            return [], ""
        [way] = ways
        lifted = self.ends[way](sizes, m, *given)
        return [f"{self.names[way]}: {d}" for d in differences(self.parts, concrete, lifted)], self.names[way]


def _leaf_targets(parts: Sequence[Leaf], end: State) -> list[Target]:
    targets = []
    for leaf in parts:
        held = attrgetter(leaf.path)(end)
        whole = leaf.kind not in (Map, Set)
        targets.append(Target(expression(held)) if whole else Target(held.body, tuple(held.own)))
    return targets


class _LiftedClaims:
    """Claims about the same number of states, each at every place and quantified, in one function."""

    def __init__(self, spec: Specification[Any], claims: list[Claim], names: Sequence[str]) -> None:
        self.spec = spec
        self.claims = claims
        states = [any_state(spec.state, f"{name}.") for name in names]
        targets = []
        for claim in claims:
            places = tuple(place.expression for place in arguments(claim.parameters, "at."))
            targets.append(Target(skolem(spec, claim, *states), places))
            targets.append(Target(closed(spec, claim, *states)))
        self.evaluate = compiled(targets, names, (), enumerations(spec.state))

    def compare(self, sizes: Sizes, *states: Any) -> Iterator[str]:
        """The claims whose truth differs, at some place or quantified."""
        lifted = self.evaluate(sizes, *states)
        for claim, here, everywhere in zip(self.claims, lifted[::2], lifted[1::2], strict=True):
            concrete = self._places(claim, sizes, states)
            where = here if claim.parameters else [here]
            if not _alike(concrete, where):
                yield f"{claim.name}: {concrete}, lifted {where}"
            if not _alike(all(concrete), everywhere):
                yield f"{claim.name}, quantified: {all(concrete)}, lifted {everywhere}"

    def _places(self, claim: Claim, sizes: Sizes, states: tuple[Any, ...]) -> list[bool]:
        function = getattr(self.spec, claim.name)
        places: list[tuple[int, ...]] = [()]
        for _, sort in claim.parameters:
            places = [(*place, value) for place in places for value in domain(sort, sizes)]
        return [function(*states, *place) for place in places]


class Lifted(Generic[S]):
    """A specification with all that the lifting makes of it, ready to be held against it."""

    def __init__(self, spec: Specification[S]) -> None:
        self.spec = spec
        self.cls = spec.state
        m: Any = any_state(spec.state)
        self.steps = {}
        for step in spec.steps.values():
            runs = [(path.name, path.conditions, path.successor) for path in paths_of(spec, step, m)]
            self.steps[step.name] = LiftedFunction.of(self.cls, self.cls, runs, arguments(step.parameters))
        self.initial = LiftedFunction.of(self.cls, self.cls, [("initial", (), initial_state(spec, m))])
        self.invariants = _LiftedClaims(spec, spec.invariants, ["m"])
        self.laws = _LiftedClaims(spec, spec.laws, ["before", "after"])

    @property
    def paths(self) -> list[str]:
        """The name of every path of every step."""
        return [name for function in self.steps.values() for name in function.names]

    def of_state(self, sizes: Sizes, m: S) -> Iterator[str]:
        """What differs in the invariants, and in the initial state that leaves open what this state says."""
        yield from self.invariants.compare(sizes, m)
        yield from self.initial.compare(sizes, m, (), self.spec.initial(m))[0]

    def of_action(self, sizes: Sizes, m: S, action: Action) -> tuple[list[str], str]:
        """What differs in guards, successor and laws; and the path that the action takes, or nothing if refused."""
        try:
            after = self.spec.take(m, action)
        except Refused:
            after = None
        found, path = self.steps[action.step].compare(sizes, m, action.arguments, after)
        if after is not None:
            found += self.laws.compare(sizes, m, after)
        return found, path


def lifted_function(function: Callable[[Any], State], reads: type[State], returns: type[State]) -> LiftedFunction:
    """A function from a state to a state, such as a refinement's abstraction, lifted."""
    m = any_state(reads)
    runs = [(f"{i}", conditions, end) for i, (conditions, end) in enumerate(all_runs(lambda: function(m)), 1)]
    return LiftedFunction.of(reads, returns, runs)  # type: ignore[no-any-return]
