"""States: attrs-frozen, in nested parts whose annotations say which sorts each map is over."""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, Self, TypeVar, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from refmodel.language.maps import Map, Set
from refmodel.language.sorts import Sizes, Sort, sort_of

__all__ = ["Leaf", "State", "blank", "build", "leaves", "parts"]

S = TypeVar("S", bound="State")
_set = object.__setattr__


@frozen(slots=False)
class State:
    """A state, or a part of one. Parts are replaced, never changed."""

    def but(self, **changes: Any) -> Self:
        """This part with some fields replaced (the names are checked by the lifting, once for every path)."""
        new = object.__new__(type(self))
        _set(new, "__dict__", self.__dict__ | changes)  # what steps do most: the quickest way
        return new


@frozen
class Leaf:
    """A field that is no part: its dotted path, what its keys range over, and what it holds."""

    path: str
    kind: type
    """Map, Set, bool, int (a value of ``sort``) or an IntEnum."""
    keys: tuple[Sort, ...] = ()
    sort: Sort | None = None


def _leaf(path: str, hint: Any) -> Leaf | None:
    origin = get_origin(hint)
    if origin is Map or origin is Set:
        key, *held = get_args(hint)
        parts = get_args(key) if get_origin(key) is tuple else (key,)
        return Leaf(path, origin, tuple(sort_of(part) for part in parts), sort_of(held[0]) if held else None)
    if hint is bool or (isinstance(hint, type) and issubclass(hint, IntEnum)):
        return Leaf(path, hint)
    if isinstance(hint, type) and issubclass(hint, State):
        return None
    return Leaf(path, int, (), sort_of(hint))


def _hints(cls: type[State]) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in attrs.fields(cls)}


def parts(cls: type[State]) -> Iterator[type[State]]:
    """The class, and those of its parts, of which one may occur again."""
    yield cls
    for name, hint in _hints(cls).items():
        if _leaf(name, hint) is None:
            yield from parts(hint)


def leaves(cls: type[State], prefix: str = "") -> Iterator[Leaf]:
    """Every leaf of a state class, in the order of its fields."""
    for name, hint in _hints(cls).items():
        leaf = _leaf(prefix + name, hint)
        if leaf is None:
            yield from leaves(hint, f"{prefix}{name}.")
        else:
            yield leaf


def build(cls: type[S], make: Callable[[Leaf], Any], prefix: str = "") -> S:
    """A state whose every leaf is what ``make`` gives for it."""
    fields = {}
    for name, hint in _hints(cls).items():
        leaf = _leaf(prefix + name, hint)
        fields[name] = build(hint, make, f"{prefix}{name}.") if leaf is None else make(leaf)
    return cls(**fields)


def blank(cls: type[S], sizes: Sizes) -> S:
    """A concrete state with every map 0, every set empty, every scalar its first value."""

    def make(leaf: Leaf) -> Any:
        shape = tuple(sizes[sort.name] for sort in leaf.keys)
        if leaf.kind is Map:
            return Map.full_of(shape, 0)
        if leaf.kind is Set:
            return Set(shape, 0)
        kind: Any = leaf.kind
        return next(iter(kind)) if issubclass(kind, IntEnum) else kind(0)

    return build(cls, make)
