"""Random walks of a machine: from a start, any enabled action, then any other."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Generic, TypeVar

from refmodel.language import Action, Actor, Refused, Sizes, Sort, Specification, State
from refmodel.language.sorts import domain

__all__ = ["RandomWalks"]

S = TypeVar("S", bound=State)

_LONGEST = 150
"""Actions: enough for two pages to be transferred and to get from there to the target."""
_FAILURES = dict.fromkeys(("lose_wire", "lose_source", "lose_target"), 0.03)
_RARE: Mapping[str, float] = {"abort": 0.03, "pause": 0.1, "target_store": 0.1, "guest_compute": 0.3, **_FAILURES}
"""How often a walk takes up a step that ends, or fills, what it walks for; others, always."""
_ENGINE = 0.6
"""How often a walk asks the engine rather than anybody, without which few walks reach the target."""
_ATTEMPTS = 300
"""After so many refusals the machine has most likely come to its end."""


class RandomWalks(Generic[S]):
    """Walks of one machine, drawn from one source of chance."""

    def __init__(self, spec: Specification[S], random: Random) -> None:
        self.spec = spec
        self.random = random
        self.steps = list(spec.steps.values())
        self.engine = [step for step in self.steps if step.actor is Actor.ENGINE]

    def walk(self, sizes: Sizes, start: S) -> Iterator[tuple[S, Action]]:
        """Each state of a walk, with the action that is taken in it."""
        state = start
        for _ in range(_LONGEST):
            for _ in range(_ATTEMPTS):
                steps = self.engine if self.random.random() < _ENGINE else self.steps
                action = self.action(sizes, self.random.choice(steps).name)
                taken_up = self.random.random() < _RARE.get(action.step, 1)
                after = self.taken(state, action) if taken_up else None
                if after is not None:
                    break
            else:
                return
            yield state, action
            state = after

    def taken(self, state: S, action: Action) -> S | None:
        """The state after the action, or None where it is refused."""
        try:
            return self.spec.take(state, action)
        except Refused:
            return None

    def action(self, sizes: Sizes, step: str) -> Action:
        """The step with any arguments."""
        parameters = self.spec.steps[step].parameters
        return Action(step, tuple(self.member(sizes, sort) for _, sort in parameters))

    def member(self, sizes: Sizes, sort: Sort) -> int:
        """Any member of the sort; a count is small."""
        return self.random.choice(domain(sort, sizes)) if sort.finite else self.random.randrange(4)
