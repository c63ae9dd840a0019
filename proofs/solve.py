"""Z3 decides obligations, incrementally: hypotheses are asserted once, a path is pushed, each negated goal is pushed.

Asserting the hypotheses afresh for each obligation costs some twenty times as much as deciding it.
"""

import time
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import z3
from attrs import evolve, field, frozen

from proofs.obligations import Obligation

__all__ = ["Options", "Record", "Verdict", "decide", "solver_for", "without"]


class Verdict(Enum):
    """What became of an obligation."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@frozen
class Options:
    """How to solve."""

    seed: int = 0
    timeout: float = 4.0
    """Seconds for one obligation."""


@frozen
class Record:
    """One obligation's outcome; ``seconds`` are the solver's alone, of one core, however busy the machine is."""

    group: str
    step: str
    path: int
    claim: str
    verdict: Verdict
    seconds: float = field(eq=False)
    note: str = ""

    @property
    def name(self) -> str:
        """Step, path and claim, e.g. ``write_fault/2 one_side_runs``."""
        return f"{self.step}/{self.path} {self.claim}"


def solver_for(obligation: Obligation, options: Options) -> Any:
    """A solver that knows the obligation's hypotheses."""
    solver = z3.SimpleSolver()
    solver.set(timeout=int(options.timeout * 1000), random_seed=options.seed)
    solver.add(*(formula for _, formula in obligation.hypotheses))
    return solver


def _verdict(obligation: Obligation, answer: Any) -> Verdict:
    if answer == z3.unknown:
        return Verdict.UNKNOWN
    return Verdict.PROVED if (answer == z3.sat) == obligation.satisfiable else Verdict.REFUTED


def decide(obligations: Iterable[Obligation], options: Options) -> Iterator[tuple[Obligation, Record]]:
    """Each obligation with its outcome, in order. Neighbours that share hypotheses and conditions share the work."""
    solver: Any = None
    last: Obligation | None = None
    for obligation in obligations:
        if last is None or last.hypotheses is not obligation.hypotheses:
            solver, last = solver_for(obligation, options), None
        if last is None or last.conditions is not obligation.conditions:
            if last is not None:
                solver.pop()
            solver.push()
            solver.add(*obligation.conditions)
        last = obligation
        solver.push()
        solver.add(z3.Not(obligation.goal))
        begun = time.process_time()
        answer = solver.check()
        seconds = time.process_time() - begun
        solver.pop()
        yield (
            obligation,
            Record(
                obligation.group,
                obligation.step,
                obligation.path,
                obligation.claim,
                _verdict(obligation, answer),
                seconds,
                obligation.note,
            ),
        )


def without(obligations: Iterable[Obligation], claim: str) -> Iterator[Obligation]:
    """The obligations as if the claim had never been made: neither a hypothesis nor a goal."""
    known: dict[int, tuple[Any, Any]] = {}
    for obligation in obligations:
        if obligation.claim != claim:
            full = obligation.hypotheses
            if id(full) not in known:
                known[id(full)] = full, tuple(hypothesis for hypothesis in full if hypothesis[0] != claim)
            yield evolve(obligation, hypotheses=known[id(full)][1])
