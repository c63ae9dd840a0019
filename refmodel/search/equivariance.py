"""Whether a machine treats all pages and all CPUs alike: only then may states be kept up to their names.

A test, not a proof: states of any kind, every action in each. It is run for every machine and variant that the search
uses symmetry for.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from refmodel.language import Action, Map, Refused, Set, Sizes, Specification, State
from refmodel.language.sorts import Sort
from refmodel.language.state import Leaf, build
from refmodel.search.space import actions_of

__all__ = ["Names", "difference", "is_equivariant", "random_names", "random_state", "renamed_action", "renamed_state"]

Names = Mapping[str, Sequence[int]]
"""By sort, what each element is called now."""


def _name(sort: Sort | None, value: Any, names: Names) -> Any:
    return names[sort.name][value] if sort and sort.name in names else value


def renamed_action(spec: Specification[Any], action: Action, names: Names) -> Action:
    """The action on the elements by their new names."""
    parameters = spec.steps[action.step].parameters
    given = zip(parameters, action.arguments, strict=True)
    return Action(action.step, tuple(_name(sort, value, names) for (_, sort), value in given))


def renamed_state(state: State, names: Names) -> Any:
    """The state with every element called by its new name, as a key and as what a leaf holds."""

    def make(leaf: Leaf) -> Any:
        old: Any = state
        for part in leaf.path.split("."):
            old = getattr(old, part)
        if leaf.kind not in (Map, Set):
            return _name(leaf.sort, old, names)
        new = old
        for key in old.every_key():
            parts = key if type(key) is tuple else (key,)
            named = tuple(_name(sort, i, names) for sort, i in zip(leaf.keys, parts, strict=True))
            at = named if len(named) > 1 else named[0]
            new = new.put(at, old[key]) if leaf.kind is Set else new.set(at, _name(leaf.sort, old[key], names))
        return new

    return build(type(state), make)


def random_names(sorts: Sequence[str], sizes: Sizes, random: Random) -> Names:
    """New names for the elements of some sorts."""
    return {sort: random.sample(range(sizes[sort]), sizes[sort]) for sort in sorts}


def random_state(cls: type[State], sizes: Sizes, random: Random) -> Any:
    """A state in which every leaf is anything, reachable or not; a count is small."""

    def value(leaf: Leaf) -> int:
        return random.randrange(sizes[leaf.sort.name]) if leaf.sort and leaf.sort.finite else random.randrange(3)

    def make(leaf: Leaf) -> Any:
        shape = tuple(sizes[sort.name] for sort in leaf.keys)
        cells = 1
        for size in shape:
            cells *= size
        if leaf.kind is Set:
            return Set(shape, random.getrandbits(cells))
        if leaf.kind is Map:
            return Map(shape, tuple(value(leaf) for _ in range(cells)))
        if leaf.kind in (bool, int):
            return leaf.kind(value(leaf))
        return random.choice(list(leaf.kind))  # type: ignore[call-overload]

    return build(cls, make)


def difference(
    spec: Specification[Any], sizes: Sizes, names: Names, state: Any, actions: Sequence[Action]
) -> str | None:
    """Where renaming first and then stepping is not stepping first and then renaming; None where it is.

    The same must be enabled, lead to the same state, and break the same claims, there and on the way.
    """
    other = renamed_state(state, names)
    if _broken(spec, sizes, state) != _broken(spec, sizes, other):
        return f"not the same claims hold in {state} under the names {names}"
    for action in actions:
        after = _taken(spec, state, action)
        after_other = _taken(spec, other, renamed_action(spec, action, names))
        if after is None or after_other is None:
            if after is not after_other:
                return f"{action} is enabled under one set of names only, in {state} under the names {names}"
            continue
        if renamed_state(after, names) != after_other:
            return f"{action} leads elsewhere in {state} under the names {names}"
        if _broken(spec, sizes, after, state) != _broken(spec, sizes, after_other, other):
            return f"not the same claims hold after {action} in {state} under the names {names}"
    return None


def is_equivariant(
    spec: Specification[Any], sizes: Sizes, sorts: Sequence[str], states: Sequence[Any], random: Random
) -> bool:
    """In each of the states, under names drawn anew, every action and every claim goes by role and not by name."""
    actions = actions_of(spec, sizes)
    return all(difference(spec, sizes, random_names(sorts, sizes, random), state, actions) is None for state in states)


def _taken(spec: Specification[Any], state: Any, action: Action) -> Any:
    try:
        return spec.take(state, action)
    except Refused:
        return None


def _broken(spec: Specification[Any], sizes: Sizes, state: Any, before: Any = None) -> list[str]:
    claims = spec.invariants if before is None else spec.laws
    return [claim.name for claim in claims if spec.broken(claim, state, sizes, before) is not None]
