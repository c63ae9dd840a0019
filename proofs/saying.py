"""A formula as people write it: infix, ``implies``, constants without their prefixes."""

from typing import Any

import z3

__all__ = ["say"]

_PREFIXES = ("at.", "arg.")


def say(e: Any) -> str:
    """E.g. ``phase = LIVE implies cpus.on_shadow(cpu)``."""
    return _say(e, False)


def _say(e: Any, inner: bool) -> str:
    """The formula, in brackets if it is inside another and has parts of its own."""
    if z3.is_not(e):
        return _negated(e.children()[0])
    if z3.is_or(e) and z3.is_not(e.children()[0]) and len(e.children()) > 1:
        first, *rest = e.children()
        consequence = rest[0] if len(rest) == 1 else z3.Or(*rest)
        return _bracket(f"{_say(first.children()[0], True)} implies {_say(consequence, True)}", inner)
    if z3.is_and(e) or z3.is_or(e):
        word = " and " if z3.is_and(e) else " or "
        return _bracket(word.join(_say(part, True) for part in _flat(e)), inner)
    if z3.is_eq(e):
        return _bracket(_compared(e, "="), inner)
    if z3.is_app(e) and e.decl().kind() == z3.Z3_OP_DISTINCT:
        return _bracket(_compared(e, "!="), inner)
    if z3.is_app(e) and e.decl().kind() in (z3.Z3_OP_UNINTERPRETED, z3.Z3_OP_DT_CONSTRUCTOR):
        return _applied(e)
    return " ".join(str(e).split())


def _flat(e: Any) -> list[Any]:
    """The parts of a conjunction of conjunctions, or of a disjunction of disjunctions."""
    same = z3.is_and if z3.is_and(e) else z3.is_or
    return [part for child in e.children() for part in (_flat(child) if same(child) else [child])]


def _negated(e: Any) -> str:
    if z3.is_eq(e):
        return _compared(e, "!=")
    return f"not {_say(e, True)}"


def _compared(e: Any, sign: str) -> str:
    left, right = e.children()
    return f"{_say(left, True)} {sign} {_say(right, True)}"


def _applied(e: Any) -> str:
    name = str(e.decl().name())
    if e.decl().kind() == z3.Z3_OP_DT_CONSTRUCTOR:
        return name.rpartition(".")[2]
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name + (f"[{', '.join(_say(child, False) for child in e.children())}]" if e.children() else "")


def _bracket(said: str, inner: bool) -> str:
    return f"({said})" if inner else said
