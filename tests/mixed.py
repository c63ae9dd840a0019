"""Schedules near the published mix, of any machine: 16 pages, 2 vCPUs, rounds under a busy guest."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice, product
from math import prod
from time import process_time
from typing import Any

from attrs import frozen

from fuzz.mix import weight
from refmodel.language import Action, Actor, Refused
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.search.seed_space import sizes_for
from refmodel.state import Phase

__all__ = ["SIZES", "Mixed", "mixed", "steps_a_second"]

SIZES = {"pfn": 16, "vpn": 16, "cpu": 2, "word": 4, "value": 256}
MIX = {
    "guest_store": 46,
    "write_fault": 14,
    "mmu_walk": 16,
    "shadow_fill": 4,
    "guest_map": 1,
    "guest_flush": 1,
    "engine": 17,
    "other": 1,
}
"""The published mix, in percent of steps aimed at; what it came to is printed. ``engine`` is any step of the engine
that leaves the rounds running, ``other`` any other of the guest's. What a machine does not have goes to the rest."""
WRITABLE = 12
"""So many of the 16 virtual pages are mapped writable; stores to the others fault, and are reflected to the guest."""
_TRIES = 40
_LONGEST = 4_000
"""Steps after which a schedule starts anew, from where the rounds begin."""


@frozen
class Mixed:
    """Schedules from one start: the state in which the rounds begin, and runs of steps that are enabled in turn."""

    start: Any
    runs: tuple[tuple[Action, ...], ...]

    @property
    def length(self) -> int:
        """Steps in all."""
        return sum(len(run) for run in self.runs)

    @property
    def shares(self) -> str:
        """What the mix came to."""
        counts = Counter(action.step for run in self.runs for action in run)
        named = ("guest_store", "write_fault", *(name for name, _ in counts.most_common(5)))
        return ", ".join(f"{name} {100 * counts[name] / self.length:.0f} %" for name in dict.fromkeys(named))


class _Driver:
    """Draws steps of one machine."""

    def __init__(self, spec: AnyMachine) -> None:
        self.spec = spec
        self.sizes = sizes_for(spec, SIZES)
        self.chance = random.Random(1)
        kinds = spec.steps.values()
        self.engine = [step.name for step in kinds if step.actor is Actor.ENGINE]
        self.other = [step.name for step in kinds if step.actor is Actor.GUEST and step.name not in MIX]
        has = {"engine": self.engine, "other": self.other}
        self.mix = {kind: share for kind, share in MIX.items() if has.get(kind) or kind in spec.steps}

    def begun(self) -> Any:
        """Every page is mapped, the migration has begun, and its rounds run."""
        m = self.spec.start(self.sizes)
        m = m.but(rounds=m.rounds.but(left=1_000_000))
        for page in range(self.sizes["pfn"]) if "populate" in self.spec.steps else ():
            m = self.take(m, Action("populate", (page, 0, 1))) or m
        for vpn in range(self.sizes["vpn"]) if "guest_map" in self.spec.steps else ():
            m = self.take(m, Action("guest_map", (vpn, vpn, vpn < WRITABLE, True))) or m
        m = self.spec.take(m, Action("begin"))
        while m.phase != Phase.LIVE or not m.hand_over.configured:
            taken = self.any_of(m, self.engine, lambda after: after.phase in (Phase.SETUP, Phase.LIVE))
            assert taken is not None, "no step of the engine brings the migration to its rounds"
            if taken[1].phase == Phase.SETUP or m.hand_over.configured:
                m = taken[1]
        return m

    def take(self, m: Any, action: Action) -> Any:
        try:
            return self.spec.take(m, action)
        except Refused:
            return None

    def any_of(self, m: Any, kinds: list[str], suits: Any) -> tuple[Action, Any] | None:
        """An enabled action after which the state suits, of any of the kinds, drawn by their weight to the fuzzer."""
        for kind in sorted(kinds, key=lambda kind: self.chance.random() ** (1 / weight(kind)), reverse=True):
            found = self.some(m, kind)
            if found is not None and suits(found[1]):
                return found
        return None

    def some(self, m: Any, kind: str) -> tuple[Action, Any] | None:
        """An enabled action of the kind, if a few tries find one."""
        for arguments in self.choices(kind):
            if kind == "guest_map":  # keep every page mapped once, and writable, so that stores go on
                arguments = (arguments[0], arguments[0], arguments[0] < WRITABLE, True)
            after = self.take(m, Action(kind, arguments))
            if after is not None:
                return Action(kind, arguments), after
        return None

    def choices(self, kind: str) -> list[tuple[int, ...]]:
        """All arguments of the kind in any order, or some where they are many."""
        domains = [domain(sort, self.sizes) for _, sort in self.spec.steps[kind].parameters]
        if prod(map(len, domains)) <= 2 * _TRIES:
            every = list(product(*domains))
            return self.chance.sample(every, len(every))
        return [tuple(map(self.chance.choice, domains)) for _ in range(_TRIES)]

    def drawn(self, m: Any) -> Iterator[Action]:
        """Steps in turn, what lags most behind the mix first; until the engine can do no more but end the rounds."""
        counts = dict.fromkeys(self.mix, 0)
        for number in range(1, _LONGEST + 1):
            late = sorted(self.mix, key=lambda kind: counts[kind] - number * self.mix[kind] / 100)
            found = None
            for kind in late:
                if kind == "engine":
                    found = self.any_of(m, self.engine, lambda after: after.phase == Phase.LIVE)
                elif kind == "other":
                    found = self.any_of(m, self.other, lambda after: after.phase == Phase.LIVE)
                else:
                    found = self.some(m, kind)
                if found is not None:
                    break
            if found is None:
                return
            counts[kind] += 1
            action, m = found
            yield action


def mixed(spec: AnyMachine, length: int) -> Mixed:
    """Schedules of so many steps in all; the same every time."""
    driver = _Driver(spec)
    start = driver.begun()
    runs: list[tuple[Action, ...]] = []
    while (left := length - sum(map(len, runs))) > 0:
        runs.append(tuple(islice(driver.drawn(start), left)))
    return Mixed(start, tuple(runs))


def steps_a_second(spec: AnyMachine, schedules: Mixed, times: int = 3) -> float:
    """The best of a few times through."""
    best = 0.0
    for _ in range(times):
        began = process_time()
        for run in schedules.runs:
            m = schedules.start
            for action in run:
                m = spec.take(m, action)
        best = max(best, schedules.length / (process_time() - began))
    return best
