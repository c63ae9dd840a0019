"""Reading the specification on states of which little is known: three-valued logic, all paths.

Scalars that only take a few named values (phases, stages, flags) are known, everything else is *unknown*: the unknown
compares, combines and indexes to the unknown, except that false and unknown is false, and true or unknown is true.
Where the specification decides on it, both ways are followed. What holds then holds in every state with those
scalars; so a step that is always refused there need not be tried, and a claim that always holds need not be checked.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from inspect import signature
from operator import or_
from typing import Any

from attrs import frozen

from fuzz.layout import Layout

__all__ = ["Result", "Unread", "every_path"]

_MOST_PATHS = 512
"""More paths than this are not followed; the answer is then that nothing is known."""


class _Paths:
    """The decisions of one path, and the next path that has not been followed."""

    def __init__(self) -> None:
        self.taken: list[bool] = []
        self.at = 0
        self.reads = 0

    def decide(self) -> bool:
        if self.at == len(self.taken):
            self.taken.append(True)
        self.at += 1
        return self.taken[self.at - 1]

    def another(self) -> bool:
        """Turn to a path not yet followed, of which nothing has been read; False when there is none."""
        while self.taken and not self.taken[-1]:
            self.taken.pop()
        if self.taken:
            self.taken[-1] = False
        self.at = self.reads = 0
        return bool(self.taken)

    def note(self, *given: object) -> None:
        """What is given to an operation, and so may be read by it: of a predicate, what it reads for any key."""
        for one in given:
            if isinstance(one, _Keyed | Unread):
                self.reads |= one._whole()
            elif callable(one) and not isinstance(one, Unknown):
                one(*(Unknown(self) for _ in signature(one).parameters))


class Unknown:
    """A value of which nothing is known."""

    __slots__ = ("_paths",)

    def __init__(self, paths: _Paths) -> None:
        self._paths = paths

    def __bool__(self) -> bool:
        return self._paths.decide()

    def __and__(self, other: object) -> Any:
        return False if other is False else self._more(other)

    def __or__(self, other: object) -> Any:
        return True if other is True else self._more(other)

    __rand__, __ror__ = __and__, __or__

    def _more(self, *given: object, **named: object) -> "Unknown":
        self._paths.note(*given, *named.values())
        return self

    __invert__ = __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __call__ = __getattr__ = _more
    __add__ = __radd__ = __sub__ = __rsub__ = _more
    __eq__ = __ne__ = _more  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class _Keyed:
    """A map or set of which nothing is known, noting which of its cells are read."""

    def __init__(self, path: str, layout: Layout, paths: _Paths) -> None:
        self._path, self._layout, self._paths = path, layout, paths

    def __getitem__(self, key: Any) -> Unknown:
        first, _ = self._layout.places[self._path]
        parts = key if type(key) is tuple else (key,)
        if any(isinstance(part, Unknown) for part in parts):
            return self._all()
        index = parts[0] if len(parts) == 1 else parts[0] * self._layout.shapes[self._path][1] + parts[1]
        self._paths.reads |= 1 << (first + index)
        return Unknown(self._paths)

    def _whole(self) -> int:
        return self._layout.whole(self._path)

    def _all(self, *others: object) -> Unknown:
        self._paths.note(self, *others)
        return Unknown(self._paths)

    __getattr__ = __and__ = __or__ = _all
    __eq__ = __ne__ = _all  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Unread:
    """A state, or a part of one, of which the given scalars are known; it notes what is read of the rest and them."""

    def __init__(self, layout: Layout, known: Mapping[str, Any], paths: _Paths, prefix: str = "") -> None:
        self._layout, self._known, self._paths, self._prefix = layout, known, paths, prefix

    def __getattr__(self, name: str) -> Any:
        path = self._prefix + name
        leaf = self._layout.leaves.get(path)
        if leaf is not None and leaf.keys:
            return _Keyed(path, self._layout, self._paths)
        if leaf is not None:
            self._paths.reads |= self._layout.whole(path)
            return self._known[path] if path in self._known else Unknown(self._paths)
        if f"{path}." in self._layout.parts:
            return Unread(self._layout, self._known, self._paths, f"{path}.")
        self._paths.note(self)  # a method, such as ``but``: it may read all of the part
        return Unknown(self._paths)

    def _whole(self) -> int:
        return self._layout.parts[self._prefix]


@frozen
class Result:
    """What a function of unknown states came to: its value on each path, and the cells read there."""

    paths: tuple[tuple[Any, int], ...]

    @property
    def values(self) -> tuple[Any, ...]:
        """What it may come to."""
        return tuple(value for value, _ in self.paths)

    @property
    def reads(self) -> int:
        """The cells read on any path."""
        return reduce(or_, (reads for _, reads in self.paths), 0)

    def reads_before(self, end: object) -> int:
        """The cells read on those that end so: where they are as in a state in which it ended so, it does again."""
        return reduce(or_, (reads for value, reads in self.paths if value is end), 0)


def every_path(
    function: Callable[..., Any], layout: Layout, known: tuple[Mapping[str, Any], ...], arguments: tuple[int, ...]
) -> Result | None:
    """Call the function on one state for each of ``known``, then the arguments, on all paths.

    An exception is a value too: its class. None when the paths are too many, or the function does what the unknown
    cannot do.
    """
    paths, found = _Paths(), list[tuple[Any, int]]()
    for _ in _until_done(paths):
        try:
            value = function(*(Unread(layout, k, paths) for k in known), *arguments)
        except (TypeError, AttributeError, KeyError, IndexError, RecursionError):
            return None
        except Exception as error:
            value = type(error)
        found.append((value, paths.reads))
        if len(found) > _MOST_PATHS:
            return None
    return Result(tuple(found))


def _until_done(paths: _Paths) -> Iterator[None]:
    yield
    while paths.another():
        yield
