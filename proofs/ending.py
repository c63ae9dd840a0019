"""Every migration ends: each engine step brings the end closer, and nobody else puts it off.

Together with ``progress``, by which the engine is never stuck: as long as the engine gets to take a step now and then,
a migration that has begun ends, at the target or given up. No fairness among engine steps is needed: any enabled one
will do. Where the engine has to wait for the operator, a step that settles what it waits for is enabled, and brings the
end closer as if it were the engine's: so waiting and settling do not go on for ever either.

A guest may be migrated again. Each migration ends; that there is another, after one that was given up or on from its
target, is for the operator alone to say, and it begins only where none runs. (That it owes all that the first one did
is a law of the machine's.) Which steps are excepted, and what is assumed of them, is for the machine's ranking to say:
``rankings.order`` and ``rankings.exceptions``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import frozen

from proofs import rankings
from proofs.lifting.lift import initial_state, paths_of
from proofs.obligations import INITIAL, Chapter, Obligation, theory_of
from proofs.ranking import closer, no_further
from proofs.rankings import Ranking
from refmodel.language import Actor, Step, implies, neg
from refmodel.migration import AnyMachine

__all__ = [
    "ANOTHER",
    "ANSWERED",
    "BEGINS",
    "CLOSER",
    "NOT_PUT_OFF",
    "RELIED_ON",
    "SETTLES",
    "STAYS_ENDED",
    "WORKS",
    "Termination",
]

WORKS = "the_engine_works_only_while_a_migration_runs"
CLOSER = "an_engine_step_brings_the_end_closer"
ANSWERED = "an_answer_to_the_guest_leaves_less_to_be_answered"
NOT_PUT_OFF = "a_step_of_guest_or_operator_ends_the_migration_or_does_not_put_the_end_off"
BEGINS = "a_migration_begins_by_the_operator_alone"
STAYS_ENDED = "an_ended_migration_stays_ended"
ANOTHER = "another_migration_begins_only_where_none_runs"

RELIED_ON = "what_the_engine_relies_on_so_as_not_to_be_stuck_stays_so"
SETTLES = "what_settles_it_while_the_engine_waits_ends_the_migration_or_brings_the_end_closer"

Statement = Callable[[Any, Any], bool]


def _statements(step: Step, ranking: Ranking) -> dict[str, Statement]:
    """What is to be shown of a step, by who takes it and by what the ranking excepts."""
    works, running, over = ranking.left_to_do, ranking.is_running, ranking.is_over

    def ends_or_is_closer(before: Any, after: Any) -> bool:
        return over(after) | closer(before, after, works)

    found: dict[str, Statement] = {}
    if step.name in ranking.again:
        found[ANOTHER] = lambda before, after: neg(running(before) & running(after))
    else:
        found[STAYS_ENDED] = lambda before, after: implies(over(before), over(after))
    if step.actor is Actor.ENGINE and step.name not in ranking.afterwards:
        found[WORKS] = lambda before, after: running(before)
    if step.actor is Actor.ENGINE and step.name not in {*ranking.answers, *ranking.looks, *ranking.delays}:
        found[CLOSER] = lambda before, after: ranking.completes(before, after) | ends_or_is_closer(before, after)
    elif step.name not in {*ranking.delays, *ranking.again}:
        found[NOT_PUT_OFF] = lambda before, after: implies(
            running(before), over(after) | no_further(before, after, works)
        )
    if step.name in ranking.answers:
        found[ANSWERED] = lambda before, after: closer(before, after, ranking.to_answer)
    if step.name in ranking.settled_by:
        found[SETTLES] = lambda before, after: implies(
            running(before) & ranking.waits(before), ends_or_is_closer(before, after)
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
        return rankings.ranking_of(self.spec)

    def parts(self) -> Sequence[str]:
        """Every step; and the initial states, of which something is relied on."""
        steps = tuple(self.spec.steps)
        return steps if self.ranking.relies_on is None else (INITIAL, *steps)

    def claims(self) -> Sequence[str]:
        """About pairs of states."""
        relied_on = () if self.ranking.relies_on is None else (RELIED_ON,)
        settles = (SETTLES,) if self.ranking.settled_by else ()
        again = (ANOTHER,) if self.ranking.again else ()
        answered = (ANSWERED,) if self.ranking.to_answer else ()
        return (WORKS, CLOSER, NOT_PUT_OFF, BEGINS, STAYS_ENDED, *answered, *again, *settles, *relied_on)

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
