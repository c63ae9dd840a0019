"""The functions that a specification is made of: its methods, its state's, and all that these refer to by name.

Where they lead out of specifications, reading stops: at the language, which is lifted and not read, and at the library
of Python and what makes classes.
"""

import builtins
import dis
import os
import sys
from collections import ChainMap
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from refmodel import language
from refmodel.language import Specification
from refmodel.language.state import parts

__all__ = ["functions_of", "instructions", "referred"]

_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_LIBRARY = Path(os.__file__).parent
_FOREIGN = {*sys.stdlib_module_names, "attr", "attrs"}


@cache
def instructions(function: FunctionType) -> tuple[tuple[dis.Instruction, ...], ...]:
    """Of the function, and of each function in it."""
    return tuple(tuple(dis.get_instructions(code)) for code in _codes(function.__code__))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@cache
def referred(function: FunctionType) -> Mapping[str, list[Any]]:
    """What names in it may stand for: globals and free variables by their names, what modules have by ``.NAME``."""
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    loaded = {each.argval for code in instructions(function) for each in code if each.opname in _GLOBAL}
    known = ChainMap(function.__globals__, vars(builtins))
    found = {name: [known[name]] for name in loaded if name in known}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        found.setdefault(name, []).append(cell.cell_contents)
    modules = [each for values in found.values() for each in values if isinstance(each, ModuleType)]
    for module in modules:
        for name in names & vars(module).keys():
            found.setdefault(f".{name}", []).append(inside := vars(module)[name])
            if isinstance(inside, ModuleType) and inside not in modules:
                modules.append(inside)
    return found


def functions_of(cls: type[Specification[Any]]) -> Iterator[FunctionType]:
    """Each once. Of a class that was put together the home is that of its metaclass, and says nothing."""
    own = cls.__mro__[: cls.__mro__.index(Specification)]
    todo: list[Any] = [*parts(cls.state), *(value for base in own for value in _members(base))]
    seen: dict[int, Any] = {}
    while todo:
        each = todo.pop()
        if id(each) in seen or _is_foreign(each):
            continue
        seen[id(each)] = each
        if isinstance(each, FunctionType):
            yield each
        todo += _inside(each)


def _members(cls: type) -> Iterator[Any]:
    """Of the class itself, but for how its objects come into another process: no step does that."""
    return (value for name, value in vars(cls).items() if name != "__reduce__")


def _is_foreign(each: Any) -> bool:
    """It has its home where nothing is read, or was written into a class, by attrs (``<string>``) or dataclasses."""
    if isinstance(each, FunctionType):
        file = each.__code__.co_filename
        if file.startswith("<") or Path(file).parent == _LIBRARY:
            return True
    home = getattr(each, "__module__", None) or ""
    return home.partition(".")[0] in _FOREIGN or f"{home}.".startswith(f"{language.__name__}.")


def _inside(each: Any) -> list[Any]:
    """What may hold functions in it."""
    match each:
        case FunctionType():
            wrapped = [each.__wrapped__] if hasattr(each, "__wrapped__") else []
            return [*wrapped, *(value for values in referred(each).values() for value in values)]
        case type():
            return [*each.__bases__, *_members(each)]
        case property():
            return [each.fget]
        case staticmethod() | classmethod():
            return [each.__func__]
        case partial():
            return [each.func, *each.args, *each.keywords.values()]
        case dict():
            return [*each.values()]
        case list() | tuple() | set() | frozenset():
            return [*each]
    return [each.__wrapped__] if hasattr(each, "__wrapped__") else []
