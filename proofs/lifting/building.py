"""Formulas put together by the C functions of Z3's own binding: as ``z3.And`` and its like do, without their coercions.

Those look at the sort of each part several times, from Python: two thirds of the time of a proof. Z3 looks at it again
by itself, and a part of another sort is an error as before.
"""

from collections.abc import Sequence
from typing import Any

import z3
from z3 import z3core

__all__ = ["all_of", "any_of", "equal", "negation", "put_in"]

_CONTEXT = z3.main_ctx()
_HANDLE = _CONTEXT.ref()


def _array(parts: Sequence[Any]) -> Any:
    return (z3.Ast * len(parts))(*[part.ast for part in parts])


def all_of(*parts: Any) -> Any:
    """The conjunction."""
    return z3.BoolRef(z3core.Z3_mk_and(_HANDLE, len(parts), _array(parts)), _CONTEXT)


def any_of(*parts: Any) -> Any:
    """The disjunction."""
    return z3.BoolRef(z3core.Z3_mk_or(_HANDLE, len(parts), _array(parts)), _CONTEXT)


def negation(part: Any) -> Any:
    """That it does not hold."""
    return z3.BoolRef(z3core.Z3_mk_not(_HANDLE, part.ast), _CONTEXT)


def equal(one: Any, other: Any) -> Any:
    """That both are the same."""
    return z3.BoolRef(z3core.Z3_mk_eq(_HANDLE, one.ast, other.ast), _CONTEXT)


def put_in(body: Any, constants: Sequence[Any], values: Sequence[Any]) -> Any:
    """The body with a value in the place of each constant, of the same class, as it is of the same sort."""
    for constant, value in zip(constants, values, strict=True):
        if body.ast.value == constant.ast.value:
            return value
    found = z3core.Z3_substitute(_HANDLE, body.ast, len(constants), _array(constants), _array(values))
    return type(body)(found, _CONTEXT)
