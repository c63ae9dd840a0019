"""Every migration ends: each engine step brings the end closer, nobody else puts it off, and the engine is never stuck.

Together: as long as the engine gets to take a step now and then, a migration that has begun ends, at the target or
given up. No fairness among engine steps is needed: any enabled one will do.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import z3
from attrs import frozen

from proofs.lifting.lift import arguments, paths_of
from proofs.lifting.terms import Truth, expression
from proofs.obligations import Chapter, Obligation, theory_of
from proofs.ranking import closer, is_over, is_running, no_further
from refmodel.language import Actor, implies
from refmodel.migration import AnyMachine
from refmodel.seed import SeedState as Machine

__all__ = ["BEGINS", "CLOSER", "NEVER_STUCK", "NOT_PUT_OFF", "STAYS_ENDED", "WORKS", "Progress", "Termination"]

WORKS = "the_engine_works_only_while_a_migration_runs"
CLOSER = "an_engine_step_brings_the_end_closer"
NOT_PUT_OFF = "a_step_of_guest_or_operator_ends_the_migration_or_does_not_put_the_end_off"
BEGINS = "a_migration_begins_by_the_operator_alone"
STAYS_ENDED = "an_ended_migration_stays_ended"
NEVER_STUCK = "while_a_migration_runs_some_engine_step_is_enabled"

_OF_ALL: dict[str, Callable[[Machine, Machine], bool]] = {
    STAYS_ENDED: lambda before, after: implies(is_over(before), is_over(after)),
}
_OF_ENGINE: dict[str, Callable[[Machine, Machine], bool]] = {
    WORKS: lambda before, after: is_running(before),
    CLOSER: closer,
}
_OF_GUEST_AND_OPERATOR: dict[str, Callable[[Machine, Machine], bool]] = {
    NOT_PUT_OFF: lambda before, after: implies(is_running(before), is_over(after) | no_further(before, after)),
}
_OF_ALL_BUT_OPERATOR: dict[str, Callable[[Machine, Machine], bool]] = {
    BEGINS: lambda before, after: implies(is_running(after), is_running(before)),
}


def _statements(actor: Actor) -> dict[str, Callable[[Machine, Machine], bool]]:
    own = _OF_ENGINE if actor is Actor.ENGINE else _OF_GUEST_AND_OPERATOR
    return _OF_ALL | own | ({} if actor is Actor.OPERATOR else _OF_ALL_BUT_OPERATOR)


@frozen
class Termination(Chapter):
    """The ranking, step by step: ``begin`` starts, ``abort`` ends, the engine works off, the rest leaves alone."""

    spec: AnyMachine

    def parts(self) -> Sequence[str]:
        """Every step."""
        return tuple(self.spec.steps)

    def claims(self) -> Sequence[str]:
        """About pairs of states."""
        return (WORKS, CLOSER, NOT_PUT_OFF, BEGINS, STAYS_ENDED)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """By who takes the step."""
        theory, step = theory_of(self.spec), self.spec.steps[part]
        for path in paths_of(self.spec, step, theory.before):
            pair = (theory.before, path.successor)
            for claim, statement in _statements(step.actor).items():
                yield Obligation(
                    f"{type(self.spec).__name__}: rounds end",
                    part,
                    path.number,
                    claim,
                    theory.hypotheses,
                    path.conditions,
                    statement,
                    pair,
                    pair,
                )


ENGINE = "engine"
"""The one part of ``Progress``: all engine steps together."""


@frozen
class Progress(Chapter):
    """From the beginning until the end some engine step can be taken, with some arguments."""

    spec: AnyMachine

    def parts(self) -> Sequence[str]:
        """One: the engine."""
        return (ENGINE,)

    def claims(self) -> Sequence[str]:
        """One."""
        return (NEVER_STUCK,)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """The one: some path of some engine step is open."""
        theory = theory_of(self.spec)
        enabled = self.enabled(theory.before)
        yield Obligation(
            f"{type(self.spec).__name__}: the engine is never stuck",
            part,
            1,
            NEVER_STUCK,
            theory.hypotheses,
            (expression(is_running(theory.before)),),
            lambda before: enabled,
            (theory.before,),
            (theory.before, theory.before),
        )

    def enabled(self, before: Any) -> Truth:
        """Some path of some engine step has arguments that meet its conditions."""
        ways = []
        for step in self.spec.steps.values():
            if step.actor is Actor.ENGINE:
                given = [argument.expression for argument in arguments(step.parameters)]
                for path in paths_of(self.spec, step, before):
                    meets = z3.And(*path.conditions)
                    ways.append(z3.Exists(given, meets) if given else meets)
        return Truth(z3.Or(*ways))
