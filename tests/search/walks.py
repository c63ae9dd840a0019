"""Random states that a machine reaches without breaking a claim."""

from collections.abc import Iterator
from random import Random
from typing import Any

from refmodel.language import Refused
from refmodel.search.space import Space


def reached(space: Space, random: Random, steps: int) -> Iterator[Any]:
    """States along one walk that picks kinds of steps evenly, until a claim breaks or nothing can be done."""
    spec, state = space.spec, space.start
    by_step: dict[str, list[tuple[int, ...]]] = {}
    for action in space.actions:
        by_step.setdefault(action.step, []).append(action.arguments)
    for _ in range(steps):
        yield state
        after = None
        for step in random.sample(sorted(by_step), len(by_step)):
            for arguments in random.sample(by_step[step], len(by_step[step])):
                try:
                    after = getattr(spec, step)(state, *arguments)
                except Refused:
                    continue
                break
            if after is not None:
                break
        if after is None or space.is_end(after) or failing(space, after) or failing(space, after, state):
            return
        state = after


def failing(space: Space, state: Any, before: Any = None) -> list[str]:
    """The invariants that fail in a state, or the laws that fail of a step."""
    claims = space.spec.invariants if before is None else space.spec.laws
    return [claim.name for claim in claims if space.spec.broken(claim, state, space.sizes, before) is not None]
