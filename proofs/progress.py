"""The engine is never stuck: from the beginning of a migration until its end it can take some step, or waits for the
operator, who can take one.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import z3
from attrs import frozen

from proofs import rankings
from proofs.lifting.cardinality import depends_on, lemmas, numbers_in, without_lemmas
from proofs.lifting.lift import arguments, paths_of
from proofs.lifting.terms import Truth, expression
from proofs.obligations import Chapter, Obligation, theory_of
from proofs.rankings import Ranking
from proofs.vacuity import small_hypotheses
from refmodel.language import Actor, Step, neg
from refmodel.migration import AnyMachine

__all__ = ["NEVER_STUCK", "SETTLED", "UNAIDED", "WAITED_FOR", "Progress"]

NEVER_STUCK = "while_a_migration_runs_some_engine_step_is_enabled"
SETTLED = "while_the_engine_waits_the_operator_can_settle_what_it_waits_for"
WAITED_FOR = "the_engine_may_come_to_wait_for_the_step"
UNAIDED = "while_there_is_no_need_some_engine_step_but_the_rescue_is_enabled"

ENGINE = "engine"
"""The part of ``Progress`` that is about all engine steps together. The others are steps that settle a wait."""


@frozen
class Progress(Chapter):
    """From the beginning until the end some engine step can be taken, with some arguments; or one that settles a wait.

    A failure that the engine meets is no step that it could rely on to get on with; nor is a look at what there is.
    """

    spec: AnyMachine

    @property
    def ranking(self) -> Ranking:
        """The machine's."""
        return rankings.ranking_of(self.spec)

    def parts(self) -> Sequence[str]:
        """The engine, and each step that settles what it waits for."""
        return (ENGINE, *self.ranking.settled_by)

    def claims(self) -> Sequence[str]:
        """One; more where the engine may have to wait for the operator, or has a step that is for need only."""
        settled = (SETTLED, WAITED_FOR) if self.ranking.settled_by else ()
        return (NEVER_STUCK, *settled, *((UNAIDED,) if self.ranking.rescue else ()))

    def obligations(self, part: str) -> Iterator[Obligation]:
        """Some path of some engine step is open; or, while it waits, of a step that settles that, and it may wait."""
        theory, steps, ranking = theory_of(self.spec), self.spec.steps, self.ranking
        group = f"{type(self.spec).__name__}: the engine is never stuck"
        waits = self.is_running(theory.before) & ranking.waits(theory.before)
        if part != ENGINE:
            enabled, known = self.enabled(theory.before, [steps[part]])
            taken = (expression(waits & enabled), *known)
            hypotheses = small_hypotheses(type(self.spec))
            yield Obligation(group, part, 1, WAITED_FOR, hypotheses, taken, lambda: False, satisfiable=True)
            return
        engines = [
            s for s in steps.values() if s.actor is Actor.ENGINE and s.name not in {*ranking.delays, *ranking.looks}
        ]
        goes_on = self.is_running(theory.before) & neg(ranking.waits(theory.before))
        unaided = goes_on & neg(ranking.is_in_need(theory.before))
        ways = {
            NEVER_STUCK: (goes_on, engines),
            SETTLED: (waits, [steps[name] for name in ranking.settled_by]),
            UNAIDED: (unaided, [step for step in engines if step.name != ranking.rescue]),
        }
        for number, claim in enumerate((claim for claim in self.claims() if claim in ways), 1):
            when, able = ways[claim]
            enabled, known = self.enabled(theory.before, able)
            yield Obligation(
                group,
                part,
                number,
                claim,
                theory.hypotheses,
                (expression(when), *known),
                lambda before, enabled=enabled: enabled,
                (theory.before,),
                (theory.before, theory.before),
            )

    def is_running(self, m: Any) -> bool:
        """A migration runs, and what is relied on, or follows because sorts are finite, is so."""
        running = self.ranking.is_running(m) & self.ranking.finitely(m)
        return running if self.ranking.relies_on is None else running & self.ranking.relies_on(m)

    def enabled(self, before: Any, steps: Sequence[Step]) -> tuple[Truth, tuple[Any, ...]]:
        """Some path of some of these steps has arguments that meet its guards; and what is known of their numbers.

        What the path knows of numbers of members is no guard: it holds whatever they are. A guard may ask for the
        number of a set that no argument changes; of one that an argument does, the path is left out.
        """
        ways, known = [], []
        for step in steps:
            given = [argument.expression for argument in arguments(step.parameters)]
            conditions = [without_lemmas(path.conditions) for path in paths_of(self.spec, step, before)]
            paths = [
                guards for guards in conditions if not any(depends_on(number, given) for number in numbers_in(guards))
            ]
            ways.append(z3.Exists(given, _open(paths)) if given else _open(paths))
            known += [lemma for guards in paths for number in numbers_in(guards) for lemma in lemmas(number)]
        return Truth(z3.Or(*ways)), tuple(known)


def _open(paths: Sequence[Sequence[Any]]) -> Any:
    """Some path's conditions hold. Where a step forks either way will do: what is left of its paths are its guards."""
    shared = [each for each in (paths[0] if paths else ()) if all(any(each.eq(c) for c in path) for path in paths)]
    forks = z3.Or(*(z3.And(*(c for c in path if not any(c.eq(each) for each in shared))) for path in paths))
    solver = z3.SimpleSolver()
    solver.set(timeout=500)
    solver.add(z3.Not(forks))
    return z3.And(*shared) if solver.check() == z3.unsat else z3.And(*shared, forks)
