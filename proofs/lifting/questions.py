"""What a specification may not ask or do: a proof would read it otherwise than a run, and nothing would tell.

A term is neither the member of an enumeration that it stands for nor an int. ``m.phase is Phase.LIVE`` would be false
of every state of which nothing is known, and what it guards never looked at. Unlike ``if`` and ``==`` it is nothing
that a term could refuse; so it is looked for in what functions were compiled to.
"""

import dis
import operator
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from proofs.lifting.reading import functions_of, instructions, referred
from refmodel.language import Refused, Specification

__all__ = ["refuse_questions"]

_IDENTITY = "asks what a value is: compare it with =="
_KEEPS = "keeps what is not in the state, and a proof knows of nothing else"
_CHANCE = "leaves to chance what a proof has to try: make it an argument of the step"
_CATCHES = "catches more than Refused: what a proof cannot read is told by exceptions"
_OPERATIONS = {
    "IS_OP": _IDENTITY,
    "MATCH_CLASS": _IDENTITY,
    "UNARY_INVERT": "has a ~, which makes of a run's truth a number that is never false: write neg",
    "STORE_ATTR": _KEEPS,
    "STORE_GLOBAL": _KEEPS,
    "IMPORT_NAME": "imports what is not read: do so at the head of the file",
}
_ASKING = (isinstance, type, id, hasattr, operator.is_, operator.is_not)
_CHANCES = {"random", "secrets", "time"}


@cache
def refuse_questions(cls: type[Specification[Any]]) -> None:
    """TypeError, with function, file and line, for a specification that does so, itself or in what it calls."""
    for function in functions_of(cls):
        for line, why in _refused(function):
            file = Path(function.__code__.co_filename).name
            raise TypeError(f"{function.__qualname__} ({file}, line {line}) {why}")


@cache
def _refused(function: FunctionType) -> tuple[tuple[int | None, str], ...]:
    return tuple(_found(function))


def _found(function: FunctionType) -> Iterator[tuple[int | None, str]]:
    """Lines, each with what is wrong there."""
    known = referred(function)

    def named(instruction: dis.Instruction) -> list[Any]:
        of_another = instruction.opname in ("LOAD_ATTR", "LOAD_METHOD")
        return known.get(f"{'.' * of_another}{instruction.argval}", [])

    for code in instructions(function):
        for last, each in pairwise(code):
            line = each.positions.lineno if each.positions else None
            if each.opname in _OPERATIONS and not _is_harmless(function, last, each):
                yield line, _OPERATIONS[each.opname]
            for value in named(each) if each.opname.startswith("LOAD_") else ():
                if any(value is asking for asking in _ASKING):
                    yield line, _IDENTITY
                if _home(value) in _CHANCES:
                    yield line, _CHANCE
            caught = each if last.opname == "PUSH_EXC_INFO" else last if each.opname == "CHECK_EXC_MATCH" else None
            if caught and not any(value is Refused for value in named(caught)):
                yield line, _CATCHES


def _is_harmless(function: FunctionType, last: dis.Instruction, each: dis.Instruction) -> bool:
    """An object is being made; or it is asked whether there is a value at all: neither a term nor an int is None."""
    if each.opname == "STORE_ATTR":
        return function.__name__ == "__init__"
    return each.opname == "IS_OP" and last.opname == "LOAD_CONST" and last.argval is None


def _home(value: Any) -> str | None:
    """The module that it is, or is from; of a method of an object, that object's."""
    if isinstance(value, ModuleType):
        return value.__name__
    return getattr(value, "__module__", None) or type(getattr(value, "__self__", None)).__module__
