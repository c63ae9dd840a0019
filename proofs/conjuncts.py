"""A claim taken apart, over states whose parts have plain names, so that people can read what fails."""

from operator import attrgetter
from typing import Any

import z3

from proofs.lifting.lift import any_state
from proofs.lifting.paths import below_binder
from proofs.lifting.terms import expression
from proofs.obligations import Obligation
from refmodel.language.state import leaves

__all__ = ["conjuncts", "mentioned", "named", "put_in"]


def mentioned(e: Any) -> dict[str, Any]:
    """The uninterpreted functions and constants that a formula uses, by name."""
    found: dict[str, Any] = {}
    seen, todo = set(), [e]
    while todo:
        e = todo.pop()
        if e.get_id() not in seen:
            seen.add(e.get_id())
            if z3.is_quantifier(e):
                todo.append(e.body())
            elif z3.is_app(e):
                if e.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                    found[e.decl().name()] = e.decl()
                todo.extend(e.children())
    return found


def conjuncts(e: Any) -> list[Any]:
    """Formulas that together say the same, each as small as the shape of conjunctions and implications allows."""
    if z3.is_and(e):
        return [part for child in e.children() for part in conjuncts(child)]
    if z3.is_or(e):
        children = e.children()
        for i, child in reversed(list(enumerate(children))):
            parts = conjuncts(child)
            if len(parts) > 1:
                return [z3.Or(*children[:i], part, *children[i + 1 :]) for part in parts]
    return [e]


def named(obligation: Obligation) -> tuple[tuple[Any, ...], Any]:
    """States like those that the obligation is about, with plain names, and its statement of them."""
    prefixes = ("",) if len(obligation.about) == 1 else ("before.", "after.")
    states = tuple(any_state(type(s), prefix) for s, prefix in zip(obligation.about, prefixes, strict=False))
    with below_binder():
        return states, expression(obligation.statement(*states))


def put_in(e: Any, states: tuple[Any, ...], actual: tuple[Any, ...]) -> Any:
    """The formula over named states, with the actual states put in for them."""
    constants, functions = [], []
    for state, other in zip(states, actual, strict=True):
        for leaf in leaves(type(state)):
            name, value = attrgetter(leaf.path)(state), attrgetter(leaf.path)(other)
            if leaf.keys:
                keys = [z3.Var(i, own.sort()) for i, own in enumerate(value.own)]
                functions.append((name.body.decl(), value.at(keys)))
            else:
                constants.append((name.expression, expression(value)))
    return z3.substitute_funs(z3.substitute(e, *constants), *functions)
