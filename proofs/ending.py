"""Every migration ends: each engine step brings the end closer, nobody else puts it off, and the engine is never stuck.

Together: as long as the engine gets to take a step now and then, a migration that has begun ends, at the target or
given up. No fairness among engine steps is needed: any enabled one will do. Which steps are excepted, and what is
assumed of them, is the machine's ranking's to say (``rankings.order`` and ``rankings.exceptions``).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import z3
from attrs import frozen

from proofs.lifting.cardinality import depends_on, numbers_in, without_lemmas
from proofs.lifting.lift import arguments, initial_state, paths_of
from proofs.lifting.terms import Truth, expression
from proofs.obligations import INITIAL, Chapter, Obligation, theory_of
from proofs.ranking import closer, no_further
from proofs.rankings import Ranking, ranking_of
from refmodel.language import Actor, Step, implies, neg
from refmodel.migration import AnyMachine

__all__ = [
    "BEGINS",
    "CLOSER",
    "NEVER_STUCK",
    "NOT_PUT_OFF",
    "RELIED_ON",
    "SETTLED",
    "STAYS_ENDED",
    "UNAIDED",
    "WORKS",
    "Progress",
    "Termination",
]

WORKS = "the_engine_works_only_while_a_migration_runs"
CLOSER = "an_engine_step_brings_the_end_closer"
NOT_PUT_OFF = "a_step_of_guest_or_operator_ends_the_migration_or_does_not_put_the_end_off"
BEGINS = "a_migration_begins_by_the_operator_alone"
STAYS_ENDED = "an_ended_migration_stays_ended"
NEVER_STUCK = "while_a_migration_runs_some_engine_step_is_enabled"

RELIED_ON = "what_the_engine_relies_on_so_as_not_to_be_stuck_stays_so"
SETTLED = "while_the_engine_waits_for_it_the_operator_can_end_the_migration"
UNAIDED = "while_there_is_no_need_some_engine_step_but_the_rescue_is_enabled"

Statement = Callable[[Any, Any], bool]


def _statements(step: Step, ranking: Ranking) -> dict[str, Statement]:
    """What is to be shown of a step, by who takes it and by what the ranking excepts."""
    works, running, over = ranking.left_to_do, ranking.is_running, ranking.is_over
    found: dict[str, Statement] = {STAYS_ENDED: lambda before, after: implies(over(before), over(after))}
    if step.actor is Actor.ENGINE:
        if step.name not in ranking.afterwards:
            found[WORKS] = lambda before, after: running(before)
        if step.name in ranking.answers:
            found[NOT_PUT_OFF] = lambda before, after: implies(running(before), no_further(before, after, works))
        else:
            found[CLOSER] = lambda before, after: (
                over(after) | ranking.completes(before, after) | closer(before, after, works)
            )
    elif step.name not in ranking.delays:
        found[NOT_PUT_OFF] = lambda before, after: implies(
            running(before), over(after) | no_further(before, after, works)
        )
    if step.actor is not Actor.OPERATOR:
        found[BEGINS] = lambda before, after: implies(running(after), running(before))
    if ranking.relies_on is not None:
        relied_on = ranking.relies_on
        found[RELIED_ON] = lambda before, after: implies(relied_on(before), relied_on(after))
    return found


@frozen
class Termination(Chapter):
    """The ranking, step by step: ``begin`` starts, ``abort`` ends, the engine works off, the rest leaves alone."""

    spec: AnyMachine

    @property
    def ranking(self) -> Ranking:
        """The machine's."""
        return ranking_of(self.spec)

    def parts(self) -> Sequence[str]:
        """Every step; and the initial states, of which something is relied on."""
        steps = tuple(self.spec.steps)
        return steps if self.ranking.relies_on is None else (INITIAL, *steps)

    def claims(self) -> Sequence[str]:
        """About pairs of states."""
        relied_on = () if self.ranking.relies_on is None else (RELIED_ON,)
        return (WORKS, CLOSER, NOT_PUT_OFF, BEGINS, STAYS_ENDED, *relied_on)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """By who takes the step."""
        theory, relied_on = theory_of(self.spec), self.ranking.relies_on
        if part == INITIAL:
            assert relied_on is not None
            state = initial_state(self.spec, theory.before)
            yield self._obligation(INITIAL, 1, RELIED_ON, (), (), relied_on, (state,), (state, state))
            return
        step = self.spec.steps[part]
        for path in paths_of(self.spec, step, theory.before):
            pair = (theory.before, path.successor)
            for claim, statement in _statements(step, self.ranking).items():
                yield self._obligation(
                    part, path.number, claim, theory.hypotheses, path.conditions, statement, pair, pair
                )

    def _obligation(self, *what: Any) -> Obligation:
        return Obligation(f"{type(self.spec).__name__}: rounds end", *what)


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
        """One; more where the engine may have to wait for the operator, or has a step that is for need only."""
        ranking = ranking_of(self.spec)
        settled, unaided = (SETTLED,) if ranking.settled_by else (), (UNAIDED,) if ranking.rescue else ()
        return (NEVER_STUCK, *settled, *unaided)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """Some path of some engine step is open; or, while it waits, of a step of the operator's that ends the wait."""
        ranking, theory = ranking_of(self.spec), theory_of(self.spec)
        engines = [step for step in self.spec.steps.values() if step.actor is Actor.ENGINE]
        running, waits = ranking.is_running(theory.before), ranking.waits(theory.before)
        running &= ranking.finitely(theory.before)
        if ranking.relies_on is not None:
            running &= ranking.relies_on(theory.before)
        goes_on = running & neg(waits)
        unaided = goes_on & neg(ranking.is_in_need(theory.before))
        ways = {
            NEVER_STUCK: (goes_on, engines),
            SETTLED: (running & waits, [self.spec.steps[name] for name in ranking.settled_by]),
            UNAIDED: (unaided, [step for step in engines if step.name != ranking.rescue]),
        }
        for number, claim in enumerate(self.claims(), 1):
            when, steps = ways[claim]
            enabled = self.enabled(theory.before, steps)
            yield Obligation(
                f"{type(self.spec).__name__}: the engine is never stuck",
                part,
                number,
                claim,
                theory.hypotheses,
                (expression(when),),
                lambda before, enabled=enabled: enabled,
                (theory.before,),
                (theory.before, theory.before),
            )

    def enabled(self, before: Any, steps: Sequence[Step]) -> Truth:
        """Some path of some of these steps has arguments that meet its guards.

        What the path knows of numbers of members is no guard: it holds whatever they are. A guard may ask for the
        number of a set that no argument changes; of one that an argument does, the path is left out.
        """
        ways = []
        for step in steps:
            given = [argument.expression for argument in arguments(step.parameters)]
            for path in paths_of(self.spec, step, before):
                guards = without_lemmas(path.conditions)
                if not any(depends_on(number, given) for number in numbers_in(guards)):
                    ways.append(z3.Exists(given, z3.And(*guards)) if given else z3.And(*guards))
        return Truth(z3.Or(*ways))
