"""The machine refines the promise: whatever it does, the guest sees only what level A allows.

For each step, the witness's steps of A are run from the abstraction of the state before. That A refuses one of them
must be impossible, and from where they lead A must come to the abstraction of the state after by owing more pages, if
at all (``Promise.leads_to``). Frames of entries that are not present may differ; that A cannot tell ledgers apart that
lead to each other is proved too, else the steps would not chain.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, get_type_hints

import z3
from attrs import field, frozen

from proofs.lifting.lift import any_state, arguments, initial_state
from proofs.lifting.paths import all_runs, below_binder
from proofs.lifting.terms import expression
from proofs.obligations import INITIAL, Chapter, Hypothesis, Obligation, theory_of
from refmodel.language import Action, Actor, Refused, Sort
from refmodel.language.sorts import sort_of
from refmodel.migration import AnyMachine
from refmodel.promise import Ledger, Promise
from refmodel.refinement import abstraction, witness

__all__ = ["ACTS_ALIKE", "ALLOWED", "REACHED", "STARTED", "Congruence", "Refinement"]

STARTED = "it_begins_as_the_promise_does"
ALLOWED = "the_promise_allows_the_step"
REACHED = "the_promise_comes_to_the_same_ledger"
ACTS_ALIKE = "the_promise_cannot_tell_alike_ledgers_apart"


@cache
def _places(promise: type[Promise]) -> tuple[tuple[str, Sort], ...]:
    """What ``leads_to`` is quantified over."""
    hints = get_type_hints(promise.leads_to, include_extras=True)
    return tuple((name, sort_of(hints[name])) for name in list(inspect.signature(promise.leads_to).parameters)[3:])


def _leads_to(promise: Promise, a: Ledger, b: Ledger) -> Any:
    """At one place of which nothing is known."""
    return promise.leads_to(a, b, *arguments(_places(type(promise)), "at."))


def _alike(promise: Promise, a: Ledger, b: Ledger, tag: str = "at.") -> Any:
    """Each leads to the other."""
    place = arguments(_places(type(promise)), tag)
    return promise.leads_to(a, b, *place) & promise.leads_to(b, a, *place)


def _after(run: Callable[[], tuple[str, tuple[Any, ...], tuple[Any, ...]]]) -> Iterator[tuple[int, Any, Any]]:
    for number, (conditions, found) in enumerate(all_runs(run), 1):
        yield number, tuple(conditions), found


def _unrefused(told: Callable[..., Any], *given: Any) -> Any:
    """What the refinement says of the machine. Refused there, the path would be taken for one that the step refuses."""
    try:
        return told(*given)
    except Refused as refused:
        raise TypeError(f"{told.__name__} needs that {refused.guard}: only steps may be refused") from None


@frozen
class Refinement(Chapter):
    """Level B's steps, each as the steps of level A that its witness names."""

    spec: AnyMachine

    @property
    def group(self) -> str:
        """The name of all its obligations."""
        return f"{type(self.spec).__name__} refines {self.spec.promise.__name__}"

    @property
    def promise(self) -> Promise:
        """The level A that the machine keeps."""
        return self.spec.promise()

    def parts(self) -> Sequence[str]:
        """The initial states, then every step."""
        return (INITIAL, *self.spec.steps)

    def claims(self) -> Sequence[str]:
        """Three: one of the initial states, two of each step."""
        return (STARTED, ALLOWED, REACHED)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """Path by path, through the step, the abstraction and the promise's own guards."""
        theory = theory_of(self.spec)
        if part == INITIAL:
            yield from self._initial(initial_state(self.spec, theory.before))
            return
        given = arguments(self.spec.steps[part].parameters)
        for number, conditions, (refused, shown, ledgers) in _after(lambda: self._run(theory.before, part, given)):
            yield Obligation(
                self.group,
                part,
                number,
                ALLOWED if refused else REACHED,
                theory.hypotheses,
                conditions,
                (lambda: False) if refused else partial(_leads_to, self.promise),
                ledgers,
                shown,
                refused,
            )

    def _initial(self, state: Any) -> Iterator[Obligation]:
        def run() -> Any:
            ledger = _unrefused(abstraction, self.spec, state)
            return "", (state, state), (ledger, self.promise.initial(ledger))

        alike = partial(_alike, self.promise)
        for number, conditions, (_, shown, ledgers) in _after(run):
            yield Obligation(self.group, INITIAL, number, STARTED, (), conditions, alike, ledgers, shown)

    def _run(self, before: Any, step: str, given: list[Any]) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
        """The step, and the promise's steps beside it: why they are refused, or the two ledgers to compare."""
        after = getattr(self.spec, step)(before, *given)
        ledger, promise = _unrefused(abstraction, self.spec, before), self.promise
        for action in _unrefused(witness, self.spec, before, Action(step, tuple(given))):
            if action.step not in promise.steps:
                raise TypeError(f"{step} is said to be {action.step!r}, which is no step of the promise")
            if promise.steps[action.step].actor is Actor.GUEST and self.spec.steps[step].actor is Actor.ENGINE:
                return f"{action.step} of the promise is the guest's, and this step the engine's", (before, after), ()
            try:
                ledger = getattr(promise, action.step)(ledger, *action.arguments)
            except Refused as refused:
                return f"{action.step} of the promise needs that {refused.guard}", (before, after), ()
        return "", (before, after), (ledger, _unrefused(abstraction, self.spec, after))


@cache
def _two_ledgers(promise: type[Promise]) -> tuple[Any, Any, tuple[Hypothesis, ...]]:
    """Any two ledgers that agree everywhere."""
    one, other = any_state(promise.state, "a."), any_state(promise.state, "b.")
    places = arguments(_places(promise), "all.")
    with below_binder():
        agree = expression(_alike(promise(), one, other, "all."))
    return one, other, (("alike", z3.ForAll([place.expression for place in places], agree)),)


@frozen
class Congruence(Chapter):
    """What the promise allows of one ledger it allows of every ledger alike, and the outcomes are alike again."""

    spec: Promise = field(factory=Promise)

    def parts(self) -> Sequence[str]:
        """Every step of the promise."""
        return tuple(self.spec.steps)

    def claims(self) -> Sequence[str]:
        """One."""
        return (ACTS_ALIKE,)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """Path by path of the step from both ledgers."""
        one, other, hypotheses = _two_ledgers(type(self.spec))
        given = arguments(self.spec.steps[part].parameters)
        step = getattr(self.spec, part)

        def run() -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
            first = step(one, *given)
            try:
                return "", (one, first), (first, step(other, *given))
            except Refused as refused:
                return f"the other ledger needs that {refused.guard}", (one, first), ()

        for number, conditions, (refused, shown, ledgers) in _after(run):
            statement = (lambda: False) if refused else partial(_alike, self.spec)
            group = f"{type(self.spec).__name__}: alike"
            yield Obligation(
                group, part, number, ACTS_ALIKE, hypotheses, conditions, statement, ledgers, shown, refused
            )
