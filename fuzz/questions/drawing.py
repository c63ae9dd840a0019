"""States near a state, drawn from bytes: three bytes put one cell, or a whole leaf, to something else.

So a question can be asked of states that no run reaches, which the proofs quantify over.
"""

from collections.abc import Mapping
from enum import IntEnum
from operator import attrgetter
from random import Random
from typing import Any

from refmodel.language import Action, Map, Set, Sizes, Sort, State, Step
from refmodel.language.sorts import domain
from refmodel.language.state import Leaf, build, leaves

__all__ = ["DRAW", "action_of", "drawn"]

DRAW = 3
"""Bytes of one change: which leaf, which cell of it (or, from 128 on, all of them), and to what."""
_WHOLE = 128
_COUNTS = 4
"""Counts are drawn below this: guards ask whether something is left."""


def drawn(state: State, sizes: Sizes, data: bytes) -> Any:
    """The state with the changes that the bytes say. A leaf past the last one stands for no change."""
    found = list(leaves(type(state)))
    changed: dict[str, Any] = {}
    for at in range(0, len(data) - DRAW + 1, DRAW):
        which, where, what = data[at : at + DRAW]
        if which < len(found):
            leaf = found[which]
            old = changed.get(leaf.path, attrgetter(leaf.path)(state))
            changed[leaf.path] = _changed(leaf, sizes, old, where, what)
    if not changed:
        return state
    return build(type(state), lambda leaf: changed.get(leaf.path, attrgetter(leaf.path)(state)))


def _changed(leaf: Leaf, sizes: Sizes, old: Any, where: int, what: int) -> Any:
    if leaf.kind not in (Map, Set):
        return _scalar(leaf, sizes, what)
    shape = tuple(sizes[sort.name] for sort in leaf.keys)
    keys = list(old.every_key())
    if where < _WHOLE:
        key = keys[where % len(keys)]
        return old.put(key, bool(what & 1)) if leaf.kind is Set else old.set(key, _scalar(leaf, sizes, what))
    chance = Random(what << 8 | where)
    if leaf.kind is Map:
        return Map(shape, tuple(_scalar(leaf, sizes, chance.randrange(256)) for _ in keys))
    return (old.filled(), old.cleared(), Set(shape, chance.getrandbits(len(keys))))[what % 3]


def _scalar(leaf: Leaf, sizes: Sizes, what: int) -> Any:
    if leaf.kind is bool:
        return bool(what & 1)
    if issubclass(leaf.kind, IntEnum):
        members = list(leaf.kind)
        return members[what % len(members)]
    return _member(leaf.sort, sizes, what)


def _member(sort: Sort | None, sizes: Mapping[str, int], what: int) -> Any:
    if sort is None or not sort.finite:
        return what % _COUNTS
    members = domain(sort, sizes)
    return members[what % len(members)]


def action_of(step: Step, sizes: Sizes, byte: int) -> Action:
    """The step with the arguments that a byte says."""
    chance, arguments = byte, []
    for _, sort in step.parameters:
        members = domain(sort, sizes)
        arguments.append(members[chance % len(members)])
        chance = chance // len(members) or byte * 7 + len(arguments)
    return Action(step.name, tuple(arguments))
