"""Marks that make a method a step or a claim; they change nothing about the function."""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

__all__ = ["Actor", "Contract", "engine", "guest", "invariant", "law", "operator"]

F = TypeVar("F", bound=Callable[..., Any])


class Actor(Enum):
    """Who takes a step."""

    GUEST = "guest"
    """The guest's own doing, and what its accesses make the MMU and the fault handler do."""
    ENGINE = "engine"
    """The migration: once begun, these steps alone bring it to its end."""
    OPERATOR = "operator"
    """Whoever begins or aborts a migration."""


class Contract(Enum):
    """Which of the four contracts, or the promise above them, a claim belongs to."""

    PROMISE = "promise"
    LOGGING = "logging"
    ROUNDS = "rounds"
    TRANSPORT = "transport"
    HAND_OVER = "hand-over"


def guest(function: F) -> F:
    """A step of the guest."""
    function.actor = Actor.GUEST  # type: ignore[attr-defined]
    return function


def engine(function: F) -> F:
    """A step of the migration engine."""
    function.actor = Actor.ENGINE  # type: ignore[attr-defined]
    return function


def operator(function: F) -> F:
    """A step of whoever begins or aborts a migration."""
    function.actor = Actor.OPERATOR  # type: ignore[attr-defined]
    return function


def invariant(contract: Contract, *tags: str, goal: bool = False, export: bool = False) -> Callable[[F], F]:
    """A claim about every reachable state: a method of the state, then of what it is quantified over.

    ``tags`` name the rules (R1...) and catalogue invariants (I-LOG...) that it says; a ``goal`` is claimed for its own
    sake, the others because the goals need them. An ``export`` is what the contract owes the others: the theorem
    (``refmodel.theorem``) takes nothing else from it.
    """

    def mark(function: F) -> F:
        function.claim = (contract, tags, goal or export, False, export)  # type: ignore[attr-defined]
        return function

    return mark


def law(contract: Contract, *tags: str) -> Callable[[F], F]:
    """A claim about every step: a method of the state before, the state after, and what it is quantified over."""

    def mark(function: F) -> F:
        function.claim = (contract, tags, True, True, False)  # type: ignore[attr-defined]
        return function

    return mark
