"""What is to be proved: every step, on every path, against every claim. The product is made here and nowhere else.

A *chapter* is one kind of proof about one specification. It names its parts (for most: the steps) before anything is
lifted, so that parts can be shared out among processes and none can be forgotten.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from attrs import field, frozen

from proofs.lifting.lift import any_state, arguments, claimed, closed, initial_state, paths_of
from proofs.lifting.paths import below_binder
from proofs.lifting.terms import expression
from refmodel.language import Claim, Specification, State

__all__ = ["INITIAL", "Chapter", "Hypothesis", "Induction", "Obligation", "Theory", "stated", "theory_of"]

INITIAL = "initial"
"""The part of a chapter that is about the initial states, as if they were a step."""

Hypothesis = tuple[str, Any]
"""A claim's name, and the claim about the state before, for all that it is quantified over."""


@frozen(eq=False)
class Obligation:
    """One thing to prove: under hypotheses and conditions, ``statement`` of the states ``about``.

    The statement is kept as a function, so that a counterexample can say it again over states with plain names.
    """

    group: str
    step: str
    path: int
    claim: str
    hypotheses: tuple[Hypothesis, ...]
    conditions: tuple[Any, ...]
    statement: Callable[..., Any]
    about: tuple[Any, ...] = ()
    shown: tuple[Any, ...] = ()
    """The states before and after the step, for people."""
    note: str = ""
    """What there is to know about a statement that is plainly false."""
    shows_hypotheses: bool = False
    """People are shown what the hypotheses are about, not only what the goal is about."""
    satisfiable: bool = False
    """To be shown is not that the goal follows, but that hypotheses and conditions can hold at all."""
    goal: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        with below_binder():
            object.__setattr__(self, "goal", expression(self.statement(*self.about)))

    @property
    def name(self) -> str:
        """Step, path and claim, e.g. ``write_fault/2 one_side_runs``."""
        return f"{self.step}/{self.path} {self.claim}"


@frozen(eq=False)
class Theory:
    """A specification lifted: any state of it, and the invariants of that state."""

    spec: Specification[Any]
    before: Any
    hypotheses: tuple[Hypothesis, ...]


@cache
def _theory(cls: type[Specification[Any]]) -> Theory:
    spec = cls()
    before = any_state(spec.state)
    return Theory(spec, before, tuple((claim.name, closed(spec, claim, before)) for claim in spec.invariants))


def theory_of(spec: Specification[Any]) -> Theory:
    """The lifted specification; made once, for a specification is its class."""
    return _theory(type(spec))


class Chapter(ABC):
    """One kind of proof about one specification. It can be pickled: a process lifts again what it is given."""

    @abstractmethod
    def parts(self) -> Sequence[str]:
        """What the chapter goes through, by name: the steps, for most chapters."""

    @abstractmethod
    def claims(self) -> Sequence[str]:
        """The claims that its obligations are about."""

    @abstractmethod
    def obligations(self, part: str) -> Iterator[Obligation]:
        """All that is to be proved of one part."""


def stated(spec: Specification[Any], claim: Claim) -> Callable[..., Any]:
    """The claim at one place of which nothing is known."""

    def statement(*states: State) -> Any:
        return claimed(spec, claim, states, arguments(claim.parameters, "at."))

    return statement


@frozen
class Induction(Chapter):
    """Invariants hold at first, and every step keeps them; every step obeys every law. Grouped by contract."""

    spec: Specification[Any]

    def parts(self) -> Sequence[str]:
        """The initial states, then every step."""
        return (INITIAL, *self.spec.steps)

    def claims(self) -> Sequence[str]:
        """Invariants and laws."""
        return tuple(self.spec.claims)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """Path by path, claim by claim."""
        theory = theory_of(self.spec)
        if part == INITIAL:
            state = initial_state(self.spec, theory.before)
            for claim in self.spec.invariants:
                yield self._obligation(part, 1, claim, (), (), (state,), (state, state))
            return
        for path in paths_of(self.spec, self.spec.steps[part], theory.before):
            pair = (theory.before, path.successor)
            for claim in self.spec.claims.values():
                about = pair if claim.of_steps else pair[1:]
                yield self._obligation(part, path.number, claim, theory.hypotheses, path.conditions, about, pair)

    def _obligation(
        self,
        part: str,
        number: int,
        claim: Claim,
        hypotheses: tuple[Hypothesis, ...],
        conditions: tuple[Any, ...],
        about: tuple[Any, ...],
        shown: tuple[Any, ...],
    ) -> Obligation:
        group = f"{type(self.spec).__name__}: {claim.contract.value}"
        statement = stated(self.spec, claim)
        return Obligation(group, part, number, claim.name, hypotheses, conditions, statement, about, shown)
