"""Obligations as plain SMT-LIB 2, for any other solver: sorts, functions, quantifiers, enumerations; nothing of Z3's.

No arrays and no lambdas; every constant's name has a prefix (``m.``, ``arg.``, ``at.``), for a name that is also a
selector's is refused by some solvers.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import z3

from proofs.obligations import Hypothesis, Obligation
from refmodel.unusable import Unusable

__all__ = ["file_name", "text", "usable_directory", "write"]


def _walk(formulas: tuple[Any, ...]) -> Iterator[Any]:
    """Every subterm, once."""
    seen, todo = set(), list(formulas)
    while todo:
        e = todo.pop()
        if e.get_id() in seen:
            continue
        seen.add(e.get_id())
        yield e
        todo.extend([e.body()] if z3.is_quantifier(e) else e.children())


def _declared(formulas: tuple[Any, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """The sorts and the functions that the formulas use, as declarations by name."""
    sorts: dict[str, str] = {}
    functions: dict[str, str] = {}

    def see(sort: Any) -> str:
        name = str(sort.name())
        if sort.kind() == z3.Z3_UNINTERPRETED_SORT:
            sorts[name] = f"(declare-sort {name} 0)"
        elif sort.kind() == z3.Z3_DATATYPE_SORT:
            members = " ".join(f"({sort.constructor(i).name()})" for i in range(sort.num_constructors()))
            sorts[name] = f"(declare-datatypes (({name} 0)) (({members})))"
        return name

    for e in _walk(formulas):
        if z3.is_quantifier(e):
            for i in range(e.num_vars()):
                see(e.var_sort(i))
        elif z3.is_app(e):
            own = see(e.sort())
            if e.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                keys = " ".join(see(e.decl().domain(i)) for i in range(e.decl().arity()))
                functions[e.decl().name()] = f"(declare-fun {e.decl().name()} ({keys}) {own})"
    return sorts, functions


@lru_cache(maxsize=8)
def _hypotheses(hypotheses: tuple[Hypothesis, ...]) -> tuple[dict[str, str], dict[str, str], str]:
    """Declarations and assertions of what most obligations share."""
    formulas = tuple(formula for _, formula in hypotheses)
    asserted = "".join(f"; {name}\n(assert {formula.sexpr()})\n" for name, formula in hypotheses)
    return *_declared(formulas), asserted


def text(obligation: Obligation) -> str:
    """The obligation as a script: the answer that proves it is ``unsat``, but for obligations of satisfiability.

    That is said in a comment: with ``:status`` set, cvc5 takes any other answer for an error, and would not disagree.
    """
    sorts, functions, asserted = _hypotheses(obligation.hypotheses)
    own = (*obligation.conditions, z3.Not(obligation.goal))
    own_sorts, own_functions = _declared(own)
    lines = [
        f"; {obligation.group}",
        f"; {obligation.name}",
        f"; proved by the answer {'sat' if obligation.satisfiable else 'unsat'}",
        "(set-logic ALL)",
        *(sorts | own_sorts).values(),
        *(functions | own_functions).values(),
        asserted + "; the path's conditions, and the goal's negation",
        *(f"(assert {formula.sexpr()})" for formula in own),
        "(check-sat)",
    ]
    if not (script := "\n".join(lines) + "\n").isascii():
        raise Unusable(f"SMT-LIB of {obligation.name}", "letters that it does not have", "names of ASCII letters")
    return script


def file_name(obligation: Obligation) -> str:
    """Where the obligation goes below the directory, e.g. ``seed-logging/write_fault.2.one_side_runs.smt2``."""
    group = re.sub(r"[^a-z0-9]+", "-", obligation.group.lower())
    return f"{group}/{obligation.step}.{obligation.path}.{obligation.claim}.smt2"


def usable_directory(directory: Path) -> None:
    """Make the directory if need be; Unusable when files cannot be written there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise Unusable(str(directory), error.strerror or str(error), "a directory to write to") from None


def write(obligation: Obligation, script: str, directory: Path) -> None:
    """Write the script; a reader sees the old file or the new one, never half of one."""
    path = directory / file_name(obligation)
    try:
        path.parent.mkdir(exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_text(script, encoding="ascii")
        partial.replace(path)
    except OSError as error:
        raise Unusable(str(path), error.strerror or str(error), "a file that can be written") from None
