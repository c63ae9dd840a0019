"""Questions that a specification may not ask: whether a value is some object, or of some class.

A term is neither the member of an enumeration that it stands for nor an int. ``m.phase is Phase.LIVE`` would be false
of every state of which nothing is known, and what it guards never looked at. Unlike ``if`` and ``==`` it is nothing
that a term could refuse; so it is looked for in what the methods were compiled to. Functions beside them are not read.
"""

import dis
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from refmodel.language import Specification

__all__ = ["refuse_identity"]

_OPERATIONS = {"IS_OP", "MATCH_CLASS"}
_FUNCTIONS = {"isinstance", "type", "id"}


@cache
def refuse_identity(cls: type[Specification[Any]]) -> None:
    """TypeError for a specification with a method of its own that asks so."""
    for base in cls.__mro__[: cls.__mro__.index(Specification)]:
        for name, function in vars(base).items():
            if isinstance(function, FunctionType) and any(map(_asks, _codes(function.__code__))):
                raise TypeError(f"{base.__name__}.{name} asks what a value is: compare it with ==")


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The function's, and that of each function in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _asks(code: CodeType) -> bool:
    return any(
        each.opname in _OPERATIONS or (each.opname == "LOAD_GLOBAL" and each.argval in _FUNCTIONS)
        for each in dis.get_instructions(code)
    )
