"""Checking every claim at every step by looking only where something changed, and only at what was not seen before.

An instance of a claim whose cells are as they were holds as it did. A law speaks of two states, so it is looked at
again in the step after a change too. Which cells an instance reads, and in which phases it cannot fail, is found by
reading it on unknown states; where it held once, it holds wherever those cells are the same. ``tests/fuzz`` holds all
this against checking everything.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

from fuzz.layout import Layout, known_scalars
from fuzz.packed import Packing
from fuzz.plans import Instance, Plan, Readers
from fuzz.unknown import every_path
from refmodel.language import Claim
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.schedules.replay import first_broken
from refmodel.schedules.schedule import Broken
from refmodel.state import Machine

__all__ = ["Checker"]

_MOST_PLANS = 50_000
"""Plans kept, one for each mask of changed cells and values of the scalars; the oldest go first."""
_MOST_SEEN = 400_000
"""Cells' values kept for which an instance or a plan held, of all together (some 60 MB); then all are forgotten."""
_Scalars = tuple[Any, ...]


class Checker:
    """The claims of one machine with given sizes. It keeps nothing of a run: ``packed`` goes from step to step."""

    def __init__(self, spec: AnyMachine, sizes: Mapping[str, int]) -> None:
        self._spec = spec
        self._sizes = dict(sizes)
        self._layout = Layout.of(spec.state, sizes)
        self.packing = Packing(spec.state, self._layout)
        self._paths, self._scalars = known_scalars(spec.state)
        places = (self._layout.whole(path) for path in self._paths)
        self._scalar_bits = sum(self.packing.bits(cells) for cells in places)
        self._invariants = _Plans(self, spec.invariants)
        self._laws = _Plans(self, spec.laws)
        self._seen = 0

    def changed(self, before: int, after: int) -> int:
        """The mask of the cells by which two packed states differ."""
        return self.packing.cells(before ^ after)

    def broken(
        self, before: Machine, after: Machine, packed: tuple[int, int], changed: tuple[int, int], number: int
    ) -> Broken | None:
        """The first claim that does not hold after step ``number``, or None.

        ``packed`` are the states before and after; ``changed`` is what the step before this one changed, or -1
        (everything) for the first, and what this one changed.
        """
        old, new = packed
        earlier, now = changed
        scalars = new & self._scalar_bits
        plan = self._invariants.plan(now if earlier >= 0 else -1, scalars, after)
        values: Any = new & plan.bits
        if values not in plan.held:
            for claim in plan.instances:
                those = new & claim.bits
                if those not in claim.held:
                    if not claim.check(after, *claim.where):
                        return self.first(before, after, number)
                    self._holds(claim.held, those)
            self._holds(plan.held, values)
        plan = self._laws.plan(now | earlier, scalars, after)
        if not plan.instances:
            return None
        values = (old & plan.bits, new & plan.bits)
        if values not in plan.held:
            for claim in plan.instances:
                both = (old & claim.bits, new & claim.bits)
                if both not in claim.held:
                    if not claim.check(before, after, *claim.where):
                        return self.first(before, after, number)
                    self._holds(claim.held, both)
            self._holds(plan.held, values)
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

    def _holds(self, held: set[Any], values: Any) -> None:
        self._seen += 1
        if self._seen > _MOST_SEEN:
            self._seen = 0
            self._invariants.forget()
            self._laws.forget()
        held.add(values)


class _Plans:
    """What to check after a change; made when first asked for."""

    def __init__(self, checker: Checker, claims: list[Claim]) -> None:
        self._checker = checker
        self._instances = checker.instances(claims)
        self._made: dict[int, Readers] = {}
        self._plans: dict[tuple[int, int], Plan] = {}

    def plan(self, changed: int, scalars: int, m: Machine) -> Plan:
        """The instances that read a changed cell and can fail, in states with the scalars of this one, packed."""
        plan = self._plans.get((changed, scalars))
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            instances, bits = self._of(scalars, m).of(changed), 0
            for claim in instances:
                bits |= claim.bits
            plan = self._plans[changed, scalars] = Plan(instances, bits)
        return plan

    def forget(self) -> None:
        """For which values the instances held."""
        for readers in self._made.values():
            for claim in readers.instances:
                claim.held.clear()
        for plan in self._plans.values():
            plan.held.clear()

    def _of(self, packed: int, m: Machine) -> Readers:
        if packed not in self._made:
            scalars = self._checker._scalars(m)
            self._made[packed] = Readers([self._instance(*each, scalars) for each in self._instances])
        return self._made[packed]

    def _instance(self, claim: Claim, where: tuple[int, ...], scalars: _Scalars) -> Instance:
        checker = self._checker
        cells = checker.reads(claim, where, scalars)
        return Instance(getattr(checker._spec, claim.name), where, cells, checker.packing.bits(cells))
