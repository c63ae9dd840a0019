"""States that a machine reaches without breaking a claim: along random walks, or drawn from a whole search."""

from collections.abc import Iterator
from random import Random
from typing import Any

from attrs import evolve

from refmodel.language import Refused
from refmodel.search.explore import explore
from refmodel.search.space import Space
from refmodel.state import Phase

_MOST_VISITED = 3_000
"""States that are drawn from: with dead fields as they come, whole searches are too large."""


def reached(space: Space, random: Random, steps: int) -> Iterator[Any]:
    """States along one walk that picks kinds of steps evenly, until a claim breaks or nothing can be done.

    It is not aborted, where no search goes on and most walks would end early, and pauses late.
    """
    spec, state = space.spec, space.start
    by_step: dict[str, list[tuple[int, ...]]] = {}
    for action in (action for action in space.actions if action.step != "abort"):
        by_step.setdefault(action.step, []).append(action.arguments)
    for _ in range(steps):
        yield state
        after = None
        order = random.sample(sorted(by_step), len(by_step))
        if random.random() < 0.9:
            order.sort(key=lambda step: step == "pause")
        for step in order:
            for arguments in random.sample(by_step[step], len(by_step[step])):
                try:
                    after = getattr(spec, step)(state, *arguments)
                except Refused:
                    continue
                if after.phase == Phase.ABORTED:  # a host that is lost ends it as well
                    after = None
                    continue
                break
            if after is not None:
                break
        if after is None or failing(space, after) or failing(space, after, state):
            return
        state = after


def drawn(space: Space, random: Random, count: int) -> list[Any]:
    """States drawn from all that a search visits until a claim breaks, and from what it visits first if dead fields
    are left as they come."""
    visited: list[Any] = [space.start]

    def keep(state: Any) -> bool:
        if not space.is_end(state):
            visited.append(state)
        return False

    explore(space, max_states=_MOST_VISITED, goal=keep)
    explore(evolve(space, dead=()), max_states=_MOST_VISITED, goal=keep)
    return random.sample(visited, min(count, len(visited)))


def failing(space: Space, state: Any, before: Any = None) -> list[str]:
    """The invariants that fail in a state, or the laws that fail of a step."""
    claims = space.spec.invariants if before is None else space.spec.laws
    return [claim.name for claim in claims if space.spec.broken(claim, state, space.sizes, before) is not None]
