"""Faults of one cell: a run of a right machine in whose last state one cell is another than the step made it.

Whatever wrong code may do to a state, the least of it is this. A claim that no variant breaks alone has a fault of one
cell that it alone sees: the claim is checked, and no other check stands in for it.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from refmodel.language import Action, Map, Refused, Set, Sizes
from refmodel.language.sorts import domain
from refmodel.language.state import Leaf, leaves
from refmodel.machines import machine

__all__ = ["Flip", "changes", "replaced", "shorter"]

Key = tuple[int, ...]


@frozen
class Flip:
    """The run, and the cell: which leaf, at which key (none for a scalar), and what it holds instead."""

    machine: str
    sizes: Mapping[str, int]
    rounds: int
    actions: tuple[Action, ...]
    leaf: str
    key: Key
    value: int

    def states(self) -> tuple[Any, Any, Any]:
        """Before the last step, after it, and after it with the cell as it is not; Refused if a step is."""
        spec = machine(self.machine)
        before = after = spec.start(self.sizes)
        before = after = after.but(rounds=after.rounds.but(left=self.rounds))
        for action in self.actions:
            before, after = after, spec.take(after, action)
        return before, after, replaced(after, self.leaf, self.key, self.value)

    def breaks(self, but: str = "") -> list[str]:
        """The claims that the fault breaks, checked in order, but for one that is switched off."""
        spec = machine(self.machine)
        before, _, wrong = self.states()
        claims = [claim for claim in spec.claims.values() if claim.name != but]
        return [c.name for c in claims if spec.broken(c, wrong, self.sizes, before if c.of_steps else None) is not None]

    def as_json(self) -> dict[str, Any]:
        """As stored."""
        actions = [[action.step, *map(int, action.arguments)] for action in self.actions]
        cell = {"leaf": self.leaf, "key": list(self.key), "value": self.value}
        return {"machine": self.machine, "sizes": dict(self.sizes), "rounds": self.rounds, "actions": actions, **cell}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Flip":
        """As read."""
        actions = tuple(Action(step[0], tuple(step[1:])) for step in given["actions"])
        cell = given["leaf"], tuple(given["key"]), given["value"]
        return cls(given["machine"], given["sizes"], given["rounds"], actions, *cell)


def replaced(state: Any, path: str, key: Key, value: int) -> Any:
    """The state with one cell replaced."""
    name, _, rest = path.partition(".")
    part = getattr(state, name)
    if rest:
        return state.but(**{name: replaced(part, rest, key, value)})
    at = key if len(key) > 1 else key[0] if key else None
    if isinstance(part, Set):
        return state.but(**{name: part.put(at, bool(value))})
    if isinstance(part, Map):
        return state.but(**{name: part.set(at, value)})
    return state.but(**{name: type(part)(value)})


def changes(state: Any, sizes: Sizes) -> Iterator[tuple[str, Key, int]]:
    """Every change of one cell of a state."""
    for leaf in leaves(type(state)):
        held: Any = state
        for name in leaf.path.split("."):
            held = getattr(held, name)
        if leaf.kind in (Map, Set):
            for key in held.every_key():
                for value in _others(leaf, held[key], sizes):
                    yield leaf.path, key if type(key) is tuple else (key,), value
        else:
            for value in _others(leaf, held, sizes):
                yield leaf.path, (), value


def _others(leaf: Leaf, now: Any, sizes: Sizes) -> list[int]:
    if leaf.kind in (Set, bool):
        return [int(not now)]
    if leaf.sort is not None and leaf.sort.finite:
        return [value for value in domain(leaf.sort, sizes) if value != now]
    if leaf.sort is not None:
        return [now + 1, *([now - 1] if now else [])]
    return [int(value) for value in leaf.kind if value != now]  # type: ignore[attr-defined]


def shorter(flip: Flip, claim: str, but: Collection[str] = ()) -> Flip:
    """The same fault after fewer steps, as few as leaving any out one by one comes to."""
    number = 0
    while number < len(flip.actions) - 1:
        fewer = evolve(flip, actions=flip.actions[:number] + flip.actions[number + 1 :])
        try:
            is_same = set(fewer.breaks()) - {*but} == {claim}
        except Refused:
            is_same = False
        flip, number = (fewer, 0) if is_same else (flip, number + 1)
    return flip
