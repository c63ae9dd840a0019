"""Random states and actions of a machine: reachable ones, their neighbours, and states that are anything at all.

A pair starts from a reachable state in which some step is enabled. Then each leaf is drawn again, with a chance that is
itself drawn: never, now and then, often, always. So guards hold often enough to try what follows them, and the lifting
is also asked about states that no run reaches, which the proofs quantify over.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from random import Random
from typing import Any, Generic, TypeVar

from attrs import frozen

from refmodel.language import Action, Map, Set, Sizes, Specification, State
from refmodel.language.state import Leaf, blank, leaves
from tests.lifting.random_walks import RandomWalks

__all__ = ["SIZES", "Pair", "RandomPairs"]

S = TypeVar("S", bound=State)

SIZES: tuple[dict[str, int], ...] = (
    {"pfn": 3, "vpn": 2, "cpu": 2, "word": 2, "value": 2},
    {"pfn": 2, "vpn": 3, "cpu": 1, "word": 1, "value": 3},
    {"pfn": 2, "vpn": 2, "cpu": 3, "word": 2, "value": 2},
    {"pfn": 1, "vpn": 1, "cpu": 1, "word": 3, "value": 2},
)
"""Small, since a mistake of the lifting shows at two of each; unlike, since it may show only where two sizes differ."""

_REDRAWN = (0.0, 0.0, 0.1, 0.4, 1.0)
"""The chances for a leaf of being drawn again: two pairs in five keep a reachable state as it is."""
_ENOUGH = 8
"""Walks go on until every step has been taken as often."""


@frozen
class Pair(Generic[S]):
    """An action in a state; ``enabled`` is what the concrete machine says."""

    sizes: Sizes
    state: S
    action: Action
    enabled: bool


def _replaced(part: State, values: Mapping[str, Any]) -> Any:
    """The part with these leaves, by path, replaced."""
    mine: dict[str, Any] = {}
    below: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        name, dot, rest = path.partition(".")
        if dot:
            below.setdefault(name, {})[rest] = value
        else:
            mine[name] = value
    return part.but(**mine, **{name: _replaced(getattr(part, name), inner) for name, inner in below.items()})


class RandomPairs(Generic[S]):
    """A source of pairs for one machine; the same seed gives the same pairs."""

    def __init__(self, spec: Specification[S], seed: int, most_walks: int | None = None) -> None:
        """``most_walks``: after so many a step that no walk has taken is tried from any state that one came to."""
        self.spec = spec
        self.most_walks = most_walks
        more = dict.fromkeys(spec.sorts, 2)
        self.sizes = [{**more, **sizes} for sizes in SIZES]
        self.random = Random(seed)
        self.walks = RandomWalks(spec, self.random)
        self.leaves = list(leaves(spec.state))
        self.turns = [step.name for step in spec.steps.values() for _ in step.parameters or [None]]
        self.reachable = [self._reached(sizes) for sizes in self.sizes]

    def pairs(self, count: int) -> Iterator[Pair[S]]:
        """So many pairs: every step in turn, once for each of its arguments, since those with many have many paths.

        Four times out of five the pair is to be enabled, where a few attempts find one that is; else it is any.
        """
        for number in range(count):
            at = self.random.randrange(len(self.sizes))
            step = self.turns[number % len(self.turns)]
            if self.random.random() < 0.8:
                attempts = (self._near_one_that_is_enabled(at, step) for _ in range(20))
                pair = next((pair for pair in attempts if pair.enabled), None)
            else:
                pair = None
            yield pair or self._any(at, step)

    def _near_one_that_is_enabled(self, at: int, step: str) -> Pair[S]:
        state, action = self.random.choice(self.reachable[at][step])
        if action.step != step or self.random.random() < 0.5:
            action = self.walks.action(self.sizes[at], step)
        return self._pair(self.sizes[at], self._redrawn(self.sizes[at], state, self.random.choice(_REDRAWN)), action)

    def _any(self, at: int, step: str) -> Pair[S]:
        state, _ = self.random.choice(self.reachable[at][self.random.choice(self.turns)])
        state = self._redrawn(self.sizes[at], state, self.random.choice(_REDRAWN))
        return self._pair(self.sizes[at], state, self.walks.action(self.sizes[at], step))

    def _pair(self, sizes: Sizes, state: S, action: Action) -> Pair[S]:
        return Pair(sizes, state, action, self.walks.taken(state, action) is not None)

    def _reached(self, sizes: Sizes) -> dict[str, list[tuple[S, Action]]]:
        """Reachable states, by the step that a walk took there."""
        reached: dict[str, list[tuple[S, Action]]] = {name: [] for name in self.turns}
        nothing: S = blank(self.spec.state, sizes)  # type: ignore[assignment]
        walks = 0
        while min(map(len, reached.values())) < _ENOUGH and walks != self.most_walks:
            walks += 1
            start = self.spec.initial(self._redrawn(sizes, nothing, 1))
            for state, action in self.walks.walk(sizes, start):
                reached[action.step].append((state, action))
        met = [pair for found in reached.values() for pair in found]
        return {step: found or met for step, found in reached.items()}

    def _redrawn(self, sizes: Sizes, state: S, chance: float) -> S:
        """The state with each leaf drawn again by this chance."""
        drawn = [leaf for leaf in self.leaves if self.random.random() < chance]
        return _replaced(state, {leaf.path: self._value(sizes, leaf) for leaf in drawn})  # type: ignore[no-any-return]

    def _value(self, sizes: Sizes, leaf: Leaf) -> Any:
        """Any value of the leaf; a set is empty or full more often than chance has it, since guards ask for that."""
        shape = tuple(sizes[sort.name] for sort in leaf.keys)
        if leaf.kind is Set:
            everything: Set[Any] = Set(shape, 0).filled()
            some: Set[Any] = Set(shape, self.random.getrandbits(everything.bits.bit_length()))
            return self.random.choice((everything, everything.cleared(), some))
        if leaf.kind is bool:
            return self.random.random() < 0.5
        if issubclass(leaf.kind, IntEnum):
            return self.random.choice(list(leaf.kind))
        assert leaf.sort
        if leaf.kind is Map:
            a_map: Map[Any, Any] = Map.full_of(shape, 0)
            return Map(shape, tuple(self.walks.member(sizes, leaf.sort) for _ in a_map.every_key()))
        return self.walks.member(sizes, leaf.sort)
