"""A specification: a state, steps and claims, as one class of stateless methods.

A machine is a choice of parts (the classes it inherits); a wrong variant is a subclass with one method replaced.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from attrs import frozen

from refmodel.language.guards import Refused
from refmodel.language.sorts import Sizes, Sort, domain, sort_of
from refmodel.language.state import State, blank, leaves
from refmodel.language.steps import Actor, Contract

__all__ = ["Action", "Claim", "Specification", "Step", "left_out"]

S = TypeVar("S", bound=State)


@frozen
class Step:
    """A kind of step: its name, who takes it, and the sorts of its arguments in order."""

    name: str
    actor: Actor
    parameters: tuple[tuple[str, Sort], ...]


@frozen
class Action:
    """A step with its arguments, in the order of the step's parameters."""

    step: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.step}({', '.join(str(int(a)) for a in self.arguments)})"


@frozen
class Claim:
    """An invariant, or a law of every step, universally quantified over its parameters."""

    name: str
    contract: Contract
    tags: tuple[str, ...]
    goal: bool
    of_steps: bool
    parameters: tuple[tuple[str, Sort], ...]
    export: bool = False

    @property
    def sentence(self) -> str:
        """The claim's name as a sentence."""
        return self.name.replace("_", " ")


def _parameters(function: Callable[..., Any], skip: int) -> tuple[tuple[str, Sort], ...]:
    hints = get_type_hints(function, include_extras=True)
    names = list(inspect.signature(function).parameters)[skip:]
    return tuple((name, sort_of(hints[name])) for name in names)


def left_out(cls: type) -> set[str]:
    """The steps and claims that some class of the machine's takes away."""
    return {name for base in cls.__mro__ for name in vars(base).get("leaves_out", ())}


def _marked(cls: type, mark: str) -> Iterator[tuple[str, Any, Callable[..., Any]]]:
    """Every marked method with its mark, taken from the class that first declares it, in order of declaration.

    What some class leaves out is left out of every machine that the class is a part of.
    """
    seen = left_out(cls)
    for base in reversed(cls.__mro__):
        for name, function in vars(base).items():
            if hasattr(function, mark) and name not in seen:
                seen.add(name)
                yield name, getattr(function, mark), function


@cache
def _steps(cls: type) -> dict[str, Step]:
    return {name: Step(name, actor, _parameters(f, 2)) for name, actor, f in _marked(cls, "actor")}


@cache
def _claims(cls: type) -> dict[str, Claim]:
    found = {}
    for name, (contract, tags, goal, of_steps, export), function in _marked(cls, "claim"):
        parameters = _parameters(function, 3 if of_steps else 2)
        found[name] = Claim(name, contract, tags, goal, of_steps, parameters, export)
    return found


@cache
def _sorts(cls: "type[Specification[Any]]") -> tuple[str, ...]:
    found = [sort for leaf in leaves(cls.state) for sort in (*leaf.keys, leaf.sort) if sort is not None]
    found += [sort for step in _steps(cls).values() for _, sort in step.parameters]
    found += [sort for claim in _claims(cls).values() for _, sort in claim.parameters]
    return tuple(dict.fromkeys(sort.name for sort in found if sort.finite and sort.name != "flag"))


class Specification(ABC, Generic[S]):
    """What a machine's state is, how it begins, and, through marked methods, its steps and claims."""

    state: ClassVar[type[State]]
    leaves_out: ClassVar[frozenset[str]] = frozenset()
    """Steps and claims of the other parts that a part takes away, since it says something else in their place."""

    @abstractmethod
    def initial(self, anything: S) -> S:
        """A state in which all that the machine does not choose for itself is left as it is in ``anything``."""

    def start(self, sizes: Sizes) -> S:
        """A concrete initial state in which everything free is 0."""
        return self.initial(blank(self.state, sizes))  # type: ignore[arg-type]

    @property
    def sorts(self) -> tuple[str, ...]:
        """The finite sorts that the state and the steps range over: what ``Sizes`` must give a size for."""
        return _sorts(type(self))

    @property
    def steps(self) -> Mapping[str, Step]:
        """The kinds of step, by name."""
        return _steps(type(self))

    @property
    def claims(self) -> Mapping[str, Claim]:
        """Invariants and laws, by name."""
        return _claims(type(self))

    @property
    def invariants(self) -> list[Claim]:
        """The claims about states."""
        return [claim for claim in self.claims.values() if not claim.of_steps]

    @property
    def laws(self) -> list[Claim]:
        """The claims about steps."""
        return [claim for claim in self.claims.values() if claim.of_steps]

    def take(self, m: S, action: Action) -> S:
        """The state after the action; Refused, naming guard and action, when it is not enabled."""
        try:
            return getattr(self, action.step)(m, *action.arguments)  # type: ignore[no-any-return]
        except Refused as refused:
            raise Refused(refused.guard, action) from None

    def broken(self, claim: Claim, m: S, sizes: Sizes, before: S | None = None) -> tuple[int, ...] | None:
        """Where the claim fails: the first tuple of its parameters, or None where it holds everywhere."""
        function = getattr(self, claim.name)
        states = (m,) if before is None else (before, m)
        for where in product(*(domain(sort, sizes) for _, sort in claim.parameters)):
            if not function(*states, *where):
                return where
        return None
