"""Breadth-first search: every state within the bounds, or the shortest schedule to the first claim that breaks.

Of the states that count as one, the first that is reached is kept and gone on from, as it is; so a schedule found is
one of the machine itself, and nothing has to be renamed back.
"""

import gc
from array import array
from collections.abc import Callable, Sequence
from enum import Enum
from time import perf_counter
from typing import Any

from attrs import frozen

from refmodel.language import Action, Claim, Refused
from refmodel.search.layout import Raw
from refmodel.search.remembered import Remembered
from refmodel.search.space import Checks, Space
from refmodel.search.symmetry import Classes

__all__ = ["Breach", "Explored", "Outcome", "Progress", "explore"]

_MOST_CACHED = 1_000_000
"""Keys of states seen under other names are forgotten beyond this many: they only save time."""


class Outcome(Enum):
    """How a search ended."""

    BROKEN = "broken"
    """A claim does not hold."""
    REACHED = "reached"
    """What was looked for has been found."""
    EXHAUSTED = "exhausted"
    """Every state within the space has been checked."""
    BOUNDED = "bounded"
    """The bound on states came first: what lies beyond is not known."""


@frozen
class Breach:
    """A claim that does not hold in the last state of a schedule (or of its last step), and where."""

    claim: Claim
    where: tuple[int, ...]
    actions: tuple[Action, ...]


@frozen
class Explored:
    """What a search saw: ``depth`` is the longest shortest way to a state, ``transitions`` counts steps taken."""

    outcome: Outcome
    states: int
    transitions: int
    depth: int
    seconds: float
    breach: Breach | None = None
    way: tuple[Action, ...] | None = None
    """The shortest schedule to what was looked for."""


_OFTEN = 5_000
Progress = Callable[[int, int, int], None]
"""Called with states, transitions and depth: once a level, and after each further ``_OFTEN`` states."""


class _Visited:
    """The states seen: their keys, and for each the state and action that it was first reached by."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.keys: set[bytes] = set()
        self.parent = array("q")
        self.action = array("l")
        self.raws: set[tuple[Any, ...]] = set()
        self.flats: set[bytes] = set()

    def add(self, raw: Raw, parent: int, action: int) -> Classes | None:
        """Note a state with these leaves: its interchangeable elements, or None if one that counts as it was seen."""
        self.raws.add(raw)
        flat = self.space.layout.encode(self.space.blanked(raw))
        if flat in self.flats:
            return None
        self.flats.add(flat)
        symmetry = self.space.symmetry
        ranks = symmetry.ranks(flat)
        key = symmetry.canonical(flat, ranks) if ranks else flat
        if key in self.keys:
            return None
        self.keys.add(key)
        self.parent.append(parent)
        self.action.append(action)
        if len(self.raws) > _MOST_CACHED:
            self.raws.clear()
            self.flats.clear()
        return symmetry.classes(flat, ranks)

    def way_to(self, number: int) -> list[Action]:
        """The actions by which the state was first reached."""
        found = []
        while number > 0:
            found.append(self.space.actions[self.action[number]])
            number = self.parent[number]
        return found[::-1]


def explore(
    space: Space,
    claims: Sequence[Claim] | None = None,
    max_states: int = 1_000_000,
    progress: Progress | None = None,
    goal: Callable[[Any], bool] = lambda state: False,
) -> Explored:
    """Search the space for the first of the claims (all of them by default) that breaks; at most ``max_states``.

    A state in which ``goal`` holds ends the search too.
    """
    collects = gc.isenabled()
    # States hold no cycles, and walking millions of them to learn that again takes a third of the time.
    gc.disable()
    try:
        checked = list(space.spec.claims.values()) if claims is None else claims
        return _explore(space, checked, max_states, progress, goal)
    finally:
        if collects:
            gc.enable()


def _explore(
    space: Space,
    claims: Sequence[Claim],
    max_states: int,
    progress: Progress | None,
    goal: Callable[[Any], bool],
) -> Explored:
    began = perf_counter()
    invariants = Checks(space, [claim for claim in claims if not claim.of_steps])
    laws = Remembered(space.layout, Checks(space, [claim for claim in claims if claim.of_steps]).everywhere)
    visited = _Visited(space)
    fetch = space.layout.fetch
    transitions = depth = 0

    def result(outcome: Outcome, breach: Breach | None = None, way: tuple[Action, ...] | None = None) -> Explored:
        states = len(visited.keys)
        return Explored(outcome, states, transitions, depth, perf_counter() - began, breach, way)

    first = visited.add(fetch(space.start), 0, 0)
    assert first is not None
    failure = invariants.first_failure(first, space.start)
    if failure:
        return result(Outcome.BROKEN, Breach(*failure, ()))
    level = [(space.start, 0, first)]
    while level:
        if progress:
            progress(len(visited.keys), transitions, depth)
        following = []
        for state, number, classes in level:
            before = fetch(state)
            for take, arguments, action in space.taken(classes):
                try:
                    after = take(state, *arguments)
                except Refused:
                    continue
                transitions += 1
                raw = fetch(after)
                failure = laws.first_failure((before, raw), (state, after))
                new = None if raw in visited.raws else visited.add(raw, number, action)
                if new is not None and not failure:
                    failure = invariants.first_failure(new, after)
                if failure:
                    depth += 1
                    way = (*visited.way_to(number), space.actions[action])
                    return result(Outcome.BROKEN, Breach(*failure, way))
                if new is not None:
                    if goal(after):
                        way = (*visited.way_to(number), space.actions[action])
                        return result(Outcome.REACHED, way=way)
                    if not space.is_end(after):
                        following.append((after, len(visited.keys) - 1, new))
                    if len(visited.keys) >= max_states:
                        return result(Outcome.BOUNDED)
                    if progress and len(visited.keys) % _OFTEN == 0:
                        progress(len(visited.keys), transitions, depth)
        depth += bool(following)
        level = following
    return result(Outcome.EXHAUSTED)
