"""Connectives that read the same on bools and on terms; ``&`` and ``|`` are Python's own.

``and``, ``or``, ``not`` and ``if`` decide at once; below a quantifier (in a predicate given to a map) nothing can be
decided, so those predicates are written with these.
"""

from typing import Any, TypeVar, cast

__all__ = ["iff", "implies", "neg", "pick"]

T = TypeVar("T")


def neg(x: bool) -> bool:
    """Not ``x``."""
    truth: Any = x
    if truth is True:
        return False
    if truth is False:
        return True
    return cast(bool, ~truth)


def implies(x: bool, y: bool) -> bool:
    """``y`` whenever ``x``."""
    return neg(x) | y


def iff(x: bool, y: bool) -> bool:
    """Both or neither."""
    return x == y


def pick(condition: bool, yes: T, no: T) -> T:
    """``yes`` where the condition holds, else ``no``, without asking which."""
    truth: Any = condition
    if truth is True:
        return yes
    if truth is False:
        return no
    return cast(T, truth.pick(yes, no))
