"""Checking every claim at every step by looking only where something changed, and where a claim can fail at all.

An instance of a claim whose cells are as they were holds as it did. A law speaks of two states, so it is looked at
again in the step after a change too. Which cells an instance reads, and in which phases it cannot fail, is found by
reading it on unknown states. ``tests/fuzz`` holds all this against checking everything.
"""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, get_type_hints

import attrs

from fuzz.unknown import Layout, every_path, known_scalars
from refmodel.language import Claim, Map, Set, State
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.schedules.replay import first_broken
from refmodel.schedules.schedule import Broken
from refmodel.state import Machine

__all__ = ["Checker"]

_MOST_PLANS = 50_000
"""Plans kept, one for each mask of changed cells and values of the scalars; the oldest go first."""
_Check = tuple[Callable[..., bool], tuple[int, ...]]
_Scalars = tuple[Any, ...]


class Checker:
    """The claims of one machine with given sizes. It keeps nothing of a run: ``changed`` goes from step to step."""

    def __init__(self, spec: AnyMachine, sizes: Mapping[str, int]) -> None:
        self._spec = spec
        self._sizes = dict(sizes)
        self._layout = Layout.of(spec.state, sizes)
        self._paths, self._scalars = known_scalars(spec.state)
        self._changed = _comparer(spec.state, "", self._layout)
        self._invariants = _Plans(self, spec.invariants)
        self._laws = _Plans(self, spec.laws)

    def changed(self, before: Machine, after: Machine) -> int:
        """The mask of the cells that a step changed."""
        return self._changed(before, after)

    def broken(self, before: Machine, after: Machine, changed: int, changed_before: int, number: int) -> Broken | None:
        """The first claim that does not hold after step ``number``, or None.

        ``changed_before`` is what the step before this one changed, or -1 (everything) for the first.
        """
        scalars = self._scalars(after)
        for check, where in self._invariants.plan(changed if changed_before >= 0 else -1, scalars):
            if not check(after, *where):
                return self.first(before, after, number)
        for check, where in self._laws.plan(changed | changed_before, scalars):
            if not check(before, after, *where):
                return self.first(before, after, number)
        return None

    def first(self, before: Machine, after: Machine, number: int) -> Broken | None:
        """The same by checking everything: the slow way, which says which claim in the order of the claims."""
        claims = list(self._spec.claims.values())
        return next(iter(first_broken(self._spec, claims, before, after, self._sizes, number)), None)

    def reads(self, claim: Claim, where: tuple[int, ...], scalars: _Scalars) -> int:
        """The mask of the cells that an instance depends on in states with these scalars; 0 where it cannot fail."""
        known = dict(zip(self._paths, scalars, strict=True))
        states = ({}, known) if claim.of_steps else (known,)
        result = every_path(getattr(self._spec, claim.name), self._layout, states, where)
        if result is None:
            return -1
        return 0 if all(value is True for value in result.values) else result.reads

    def instances(self, claims: list[Claim]) -> list[tuple[Claim, tuple[int, ...]]]:
        """Every claim at every choice of its parameters."""
        return [(c, w) for c in claims for w in product(*(domain(sort, self._sizes) for _, sort in c.parameters))]


class _Plans:
    """What to check after a change; made when first asked for."""

    def __init__(self, checker: Checker, claims: list[Claim]) -> None:
        self._checker = checker
        self._instances = checker.instances(claims)
        self._checks: list[_Check] = [(getattr(checker._spec, c.name), where) for c, where in self._instances]
        self._reads: dict[_Scalars, list[tuple[int, _Check]]] = {}
        self._plans: dict[tuple[int, _Scalars], list[_Check]] = {}

    def plan(self, changed: int, scalars: _Scalars) -> list[_Check]:
        """The instances that read a changed cell and can fail."""
        plan = self._plans.get((changed, scalars))
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            plan = [check for reads, check in self._of(scalars) if reads & changed]
            self._plans[changed, scalars] = plan
        return plan

    def _of(self, scalars: _Scalars) -> list[tuple[int, _Check]]:
        if scalars not in self._reads:
            reads = [self._checker.reads(claim, where, scalars) for claim, where in self._instances]
            self._reads[scalars] = [(mask, check) for mask, check in zip(reads, self._checks, strict=True) if mask]
        return self._reads[scalars]


def _comparer(state: type[State], prefix: str, layout: Layout) -> Callable[[Any, Any], int]:
    """A function of two states of the class: the mask of the cells that differ. Parts that are shared cost nothing."""
    hints = get_type_hints(state)
    parts: list[tuple[str, Callable[[Any, Any], int]]] = []
    for field in attrs.fields(state):
        path = prefix + field.name
        if path in layout.places:
            parts.append((field.name, _leaf_comparer(*layout.places[path])))
        else:
            parts.append((field.name, _comparer(hints[field.name], f"{path}.", layout)))

    def compare(before: Any, after: Any) -> int:
        mask = 0
        old, new = before.__dict__, after.__dict__
        for name, deeper in parts:
            if old[name] is not new[name]:
                mask |= deeper(old[name], new[name])
        return mask

    return compare


def _leaf_comparer(first: int, count: int) -> Callable[[Any, Any], int]:
    def compare(before: Any, after: Any) -> int:
        if isinstance(before, Set):
            return int(before.bits ^ after.bits) << first
        if isinstance(before, Map):
            if before.cells == after.cells:
                return 0
            return sum(1 << first + i for i in range(count) if before.cells[i] != after.cells[i])
        return 0 if before == after else 1 << first

    return compare
