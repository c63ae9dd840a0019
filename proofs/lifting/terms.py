"""Symbolic values: booleans that fork when asked, members of a sort, counts, enumerations."""

import re
from collections import Counter
from enum import IntEnum
from functools import cache
from typing import Any

import z3

from proofs.lifting.building import all_of, any_of, equal, negation
from proofs.lifting.paths import decide
from refmodel.language import Sort

__all__ = ["Term", "Truth", "enum_sort", "expression", "term", "z3_sort"]


_CALLED: Counter[str] = Counter()
"""How many enumerations are called so."""


@cache
def enum_sort(cls: type[IntEnum]) -> tuple[Any, dict[int, Any]]:
    """The Z3 datatype of an enumeration, and its constants by value.

    This project's have their own names. Another's is called after its module too, for one of ours may have its name, or
    a sort; and by a number, where a module was loaded again.
    """
    home, _, rest = cls.__module__.partition(".")
    name = cls.__name__ if home == "refmodel" and rest else f"{cls.__module__}.{cls.__name__}"
    name = re.sub(r"[^\w.]", "_", name, flags=re.ASCII)
    _CALLED[name] += 1
    name += f".{_CALLED[name]}" if _CALLED[name] > 1 else ""
    sort, constants = z3.EnumSort(name, [f"{name}.{member.name}" for member in cls])
    return sort, dict(zip([int(member) for member in cls], constants, strict=True))


@cache
def z3_sort(sort: Sort) -> Any:
    """The Z3 sort: uninterpreted, so of any size, but for flags and counts."""
    if sort.name == "flag":
        return z3.BoolSort()
    if sort.name == "count":
        return z3.IntSort()
    return z3.DeclareSort(sort.name.capitalize())


def expression(value: Any) -> Any:
    """The Z3 expression of a value, concrete or symbolic."""
    if isinstance(value, Truth | Term):
        return value.expression
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, IntEnum):
        return enum_sort(type(value))[1][int(value)]
    if isinstance(value, int):
        return z3.IntVal(value)
    return value


def term(e: Any) -> Any:
    """The symbolic value of a Z3 expression."""
    return Truth(e) if z3.is_bool(e) else Term(e)


class _Symbolic:
    """A value that stands for any of its sort: whether two are equal is symbolic too."""

    __slots__ = ("expression",)

    def __init__(self, expression: Any) -> None:
        self.expression = expression

    def __eq__(self, other: object) -> Any:
        return Truth(equal(self.expression, expression(other)))

    def __ne__(self, other: object) -> Any:
        return Truth(negation(equal(self.expression, expression(other))))

    __hash__ = None  # type: ignore[assignment]


class Truth(_Symbolic):
    """A symbolic bool."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return decide(self.expression)

    def __and__(self, other: Any) -> Any:
        return Truth(all_of(self.expression, expression(other)))

    def __or__(self, other: Any) -> Any:
        return Truth(any_of(self.expression, expression(other)))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Any:
        return Truth(negation(self.expression))

    def pick(self, yes: Any, no: Any) -> Any:
        """``yes`` where true, else ``no``; TypeError for what is no value."""
        if not (z3.is_expr(expression(yes)) and z3.is_expr(expression(no))):
            raise TypeError("pick is between two values: between sets, maps and states decide with if")
        return term(z3.If(self.expression, expression(yes), expression(no)))


class Term(_Symbolic):
    """A symbolic member of a sort, count or enumeration."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self.expression} is 0 is no question of Python's: compare it")

    def __gt__(self, other: Any) -> Any:
        return Truth(self.expression > expression(other))

    def __lt__(self, other: Any) -> Any:
        return Truth(self.expression < expression(other))

    def __ge__(self, other: Any) -> Any:
        return Truth(self.expression >= expression(other))

    def __le__(self, other: Any) -> Any:
        return Truth(self.expression <= expression(other))

    def __add__(self, other: Any) -> Any:
        return Term(self.expression + expression(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return Term(self.expression - expression(other))

    def __rsub__(self, other: Any) -> Any:
        return Term(expression(other) - self.expression)
