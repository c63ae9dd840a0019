"""Every way through a function: it is run again and again, and each fork is decided once either way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import z3

from refmodel.language import Refused

__all__ = ["LONGEST", "ForkUnderBinder", "Run", "all_runs", "assume", "below_binder", "binder_depth", "decide"]

T = TypeVar("T")


LONGEST = 200
"""More decisions than this on one way are a loop that no state ends; the longest of ours has some twenty."""


class ForkUnderBinder(TypeError):
    """A predicate given to a map, or a claim, asked Python to decide a term: write it with &, |, neg, implies, pick."""


class Run:
    """One run: the decisions to repeat, then those that it took itself."""

    def __init__(self, script: list[bool]) -> None:
        self.script = script
        self.conditions: list[Any] = []
        self.taken: list[bool] = []
        self.known: dict[int, bool] = {}
        self.open_forks: list[list[bool]] = []
        self.solver = z3.SimpleSolver()
        self.solver.set("timeout", 500)

    def decide(self, condition: Any) -> bool:
        """Which way this run goes at the condition."""
        condition = z3.simplify(condition)
        if z3.is_true(condition):
            return True
        if z3.is_false(condition):
            return False
        if condition.get_id() in self.known:
            return self.known[condition.get_id()]
        at = len(self.taken)
        if at == LONGEST:
            raise TypeError(f"{LONGEST} decisions and no end: a step may not go on until something is so")
        if at < len(self.script):
            way = self.script[at]
        else:
            way = self._possible(condition)
            if way and self._possible(z3.Not(condition)):
                self.open_forks.append([*self.taken, False])
        self.taken.append(way)
        fact = condition if way else z3.Not(condition)
        self.conditions.append(fact)
        self.solver.add(fact)
        self.known[condition.get_id()] = way
        return way

    def _possible(self, condition: Any) -> bool:
        self.solver.push()
        self.solver.add(condition)
        verdict = self.solver.check()
        self.solver.pop()
        return bool(verdict != z3.unsat)


_run: Run | None = None
_depth = 0


def decide(condition: Any) -> bool:
    """A symbolic bool's ``__bool__``. What is true or false as it stands is nothing to decide."""
    if z3.is_true(condition) or z3.is_false(condition):
        return bool(z3.is_true(condition))
    if _run is None or _depth:
        raise ForkUnderBinder(f"nothing may be decided here: {condition}")
    return _run.decide(condition)


def assume(fact: Any) -> None:
    """What the current run may take for granted from here on; asked again it is not repeated."""
    if _run is None or _depth:
        raise ForkUnderBinder(f"nothing may be assumed here: {fact}")
    if fact.get_id() not in _run.known:
        _run.known[fact.get_id()] = True
        _run.conditions.append(fact)
        _run.solver.add(fact)


def binder_depth() -> int:
    """How many predicates are being evaluated, each inside the last."""
    return _depth


@contextmanager
def below_binder() -> Iterator[None]:
    """Inside, every fork is refused."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


def all_runs(function: Callable[[], T]) -> Iterator[tuple[list[Any], T]]:
    """The conditions and the result of each way through the function that no guard refuses."""
    global _run
    todo: list[list[bool]] = [[]]
    while todo:
        run = Run(todo.pop())
        outer, _run = _run, run
        try:
            result = function()
        except Refused:
            continue
        finally:
            _run = outer
            todo.extend(reversed(run.open_forks))
        yield run.conditions, result
