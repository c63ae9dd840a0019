"""Symbolic maps and sets: a body over one bound constant for each key, so that every update is pointwise.

No array and no lambda of any solver is used: ``m[k]`` is the body with the key put in, and an update makes a new
body, at once (a closure would see later states).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Self

import z3

from proofs.lifting.building import all_of, any_of, equal, negation, put_in
from proofs.lifting.cardinality import cardinality
from proofs.lifting.paths import below_binder, binder_depth
from proofs.lifting.terms import Truth, expression, term, z3_sort
from refmodel.language import Sort

__all__ = ["SymbolicMap", "SymbolicSet"]


@cache
def _constants(sorts: tuple[Sort, ...], tag: str) -> list[Any]:
    return [z3.Const(f"{tag}.{i}.{sort.name}", z3_sort(sort)) for i, sort in enumerate(sorts)]


class SymbolicMap:
    """The symbolic reading of ``refmodel.language.Map``."""

    __slots__ = ("body", "sorts")
    __hash__ = None  # type: ignore[assignment]
    __iter__ = None

    def __eq__(self, other: object) -> bool:
        raise TypeError("whether two maps or sets are equal, or two states with such, is asked with ``same``")

    def __init__(self, sorts: tuple[Sort, ...], body: Any) -> None:
        self.sorts = sorts
        self.body = body

    @classmethod
    def unknown(cls, sorts: tuple[Sort, ...], name: str, held: Any) -> Self:
        """A map of which nothing is known: an uninterpreted function."""
        function = z3.Function(name, *(z3_sort(sort) for sort in sorts), held)
        return cls(sorts, function(*_constants(sorts, "key")))

    @property
    def own(self) -> list[Any]:
        """The constants that stand for the key in the body."""
        return _constants(self.sorts, "key")

    def at(self, keys: list[Any]) -> Any:
        """The body for these keys."""
        return put_in(self.body, self.own, keys)

    def _keys(self, key: Any) -> list[Any]:
        return [expression(k) for k in (key if isinstance(key, tuple) else (key,))]

    def _is(self, key: Any) -> Any:
        return all_of(*(equal(own, k) for own, k in zip(self.own, self._keys(key), strict=True)))

    def __getitem__(self, key: Any) -> Any:
        return term(self.at(self._keys(key)))

    def set(self, key: Any, value: Any) -> Self:
        """This map with ``value`` at ``key``."""
        return type(self)(self.sorts, z3.If(self._is(key), expression(value), self.body))

    def made(self, of: Callable[..., Any]) -> Self:
        """The map over the same keys that holds ``of`` each key."""
        return type(self)(self.sorts, self._holds(of))

    def same(self, other: Any, where: Callable[..., Any] | None = None) -> Any:
        """Equal at every key, or at every key for which the predicate holds."""
        alike = equal(self.body, self._alike(other))
        return self._for_all(z3.Implies(self._holds(where), alike) if where else alike)

    def same_row(self, other: Any, first: Any) -> Any:
        """Equal at every key that begins with ``first``."""
        row = equal(self.own[0], expression(first))
        return self._for_all(z3.Implies(row, equal(self.body, self._alike(other))))

    def _alike(self, other: Any) -> Any:
        """The body of a map over the same sorts; over others its constants would be nobody's."""
        if other.sorts != self.sorts:
            raise TypeError(
                f"over {[sort.name for sort in self.sorts]}, and over {[sort.name for sort in other.sorts]}"
            )
        return other.body

    def _holds(self, predicate: Callable[..., Any]) -> Any:
        """The predicate as a formula over this map's own constants; evaluated now, once, below a binder."""
        fresh = _constants(self.sorts, f"where{binder_depth()}")
        with below_binder():
            formula = expression(predicate(*(term(constant) for constant in fresh)))
        return put_in(formula, fresh, self.own)

    def _for_all(self, formula: Any) -> Any:
        fresh = _constants(self.sorts, f"all{binder_depth()}")
        return Truth(z3.ForAll(fresh, put_in(formula, self.own, fresh)))


class SymbolicSet(SymbolicMap):
    """The symbolic reading of ``refmodel.language.Set``."""

    __slots__ = ()

    def add(self, key: Any) -> Self:
        """With ``key``."""
        return type(self)(self.sorts, any_of(self._is(key), self.body))

    def discard(self, key: Any) -> Self:
        """Without ``key``."""
        return type(self)(self.sorts, all_of(negation(self._is(key)), self.body))

    def put(self, key: Any, member: Any) -> Self:
        """With ``key`` if ``member``, else without."""
        return self.set(key, member)

    def where(self, predicate: Callable[..., Any], member: bool) -> Self:
        """With (or without) every key for which the predicate holds."""
        holds = self._holds(predicate)
        return type(self)(self.sorts, any_of(self.body, holds) if member else all_of(self.body, negation(holds)))

    def only(self, predicate: Callable[..., Any]) -> Self:
        """Just those keys for which the predicate holds."""
        return type(self)(self.sorts, self._holds(predicate))

    def never(self, predicate: Callable[..., Any]) -> Any:
        """No member satisfies the predicate."""
        return self._for_all(negation(all_of(self.body, self._holds(predicate))))

    def __or__(self, other: Any) -> Self:
        return type(self)(self.sorts, any_of(self.body, self._alike(other)))

    def __and__(self, other: Any) -> Self:
        return type(self)(self.sorts, all_of(self.body, self._alike(other)))

    def __sub__(self, other: Any) -> Self:
        return type(self)(self.sorts, all_of(self.body, negation(self._alike(other))))

    @property
    def size(self) -> Any:
        """How many members: a number of which the lemmas are assumed."""
        return term(cardinality(self.sorts, self.own, self.body))

    def filled(self) -> Self:
        """Every key."""
        return type(self)(self.sorts, z3.BoolVal(True))

    def cleared(self) -> Self:
        """No key."""
        return type(self)(self.sorts, z3.BoolVal(False))

    @property
    def is_empty(self) -> Any:
        """No key is a member."""
        return self._for_all(negation(self.body))

    @property
    def is_full(self) -> Any:
        """Every key is a member."""
        return self._for_all(self.body)
