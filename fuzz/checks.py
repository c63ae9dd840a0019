"""Checking every claim at every step by looking only where something changed, and only at what was not seen before.

An instance of a claim whose cells are as they were holds as it did. A law speaks of two states, so it is looked at
again in the step after a change too. Which cells an instance reads, and in which phases it cannot fail, is found by
reading it on unknown states; where it held once, it holds wherever those cells are the same. ``tests/fuzz`` holds all
this against checking everything.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

from fuzz.layout import known_scalars
from fuzz.packed import Packing
from fuzz.plans import Instance, Plans, Readers
from fuzz.unknown import every_path
from refmodel.language import Claim
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.schedules.replay import first_broken
from refmodel.schedules.schedule import Broken
from refmodel.state import Machine

__all__ = ["Checker"]

_MOST_SEEN = 400_000
"""Cells' values kept for which an instance or a plan held, of all together (some 60 MB); then all are forgotten."""
_Scalars = tuple[Any, ...]


class Checker:
    """The claims of one machine with given sizes. It keeps nothing of a run: ``packed`` goes from step to step."""

    def __init__(self, spec: AnyMachine, sizes: Mapping[str, int], packing: Packing) -> None:
        self._spec = spec
        self._sizes = dict(sizes)
        self._layout = packing.layout
        self.packing = packing
        self._paths, self._scalars = known_scalars(spec.state)
        self._scalar_bits = packing.bits_of(self._paths)
        self._of_scalars: dict[int, Plans] = {}
        self._seen = 0

    def broken(
        self, before: Machine, after: Machine, packed: tuple[int, int], changed: tuple[int, int], number: int
    ) -> Broken | None:
        """The first claim that does not hold after step ``number``, or None.

        ``packed`` are the states before and after; ``changed`` is what the step before this one changed, or -1
        (everything) for the first, and what this one changed.
        """
        old, new = packed
        earlier, now = changed
        plans = self.plans(new, after)
        plan, laws = plans.of(now if earlier >= 0 else -1)
        values: Any = new & plan.bits
        if values not in plan.held:
            for check, where, bits, held in plan.instances:
                those = new & bits
                if those not in held:
                    if not check(after, *where):
                        return self.first(before, after, number)
                    self._holds(held, those)
            self._holds(plan.held, values)
        # Not one plan of both changes: pairs of them are many, and few laws read what both changed.
        for plan in (laws, plans.of(earlier)[1]):
            if not plan.instances:
                continue
            values = old & plan.bits, new & plan.bits
            if values not in plan.held:
                for check, where, bits, held in plan.instances:
                    both = old & bits, new & bits
                    if both not in held:
                        if not check(before, after, *where):
                            return self.first(before, after, number)
                        self._holds(held, both)
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

    def plans(self, packed: int, m: Machine) -> Plans:
        """What is to be checked in states with the scalars of this one, which is given packed as well."""
        key = packed & self._scalar_bits
        plans = self._of_scalars.get(key)
        if plans is None:
            scalars = self._scalars(m)
            readers = (
                Readers([self._instance(*each, scalars) for each in self.instances(claims)])
                for claims in (self._spec.invariants, self._spec.laws)
            )
            plans = self._of_scalars[key] = Plans(*readers)
        return plans

    def _instance(self, claim: Claim, where: tuple[int, ...], scalars: _Scalars) -> tuple[int, Instance]:
        cells = self.reads(claim, where, scalars)
        return cells, Instance(getattr(self._spec, claim.name), where, self.packing.bits(cells), set())

    def _holds(self, held: set[Any], values: Any) -> None:
        self._seen += 1
        if self._seen > _MOST_SEEN:
            self._seen = 0
            for plans in self._of_scalars.values():
                plans.forget()
        held.add(values)
