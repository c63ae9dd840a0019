"""A function of some parts of a state, called again only where one of them has been replaced.

A step replaces few parts of a state (``State.but``), so that along a run most of what is asked of a state was answered
for the one before it.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fuzz.mix import DEFAULT_SIZES
from fuzz.unknown import Layout, every_path
from refmodel.migration import AnyMachine
from refmodel.search.seed_space import sizes_for

__all__ = ["kept", "parts_read"]

T = TypeVar("T")


def kept(parts: Iterable[str], function: Callable[[Any], T]) -> Callable[[Any], T]:
    """The same function of states; ``parts`` are the fields of the state that it reads."""
    names = tuple(sorted(parts))
    before: list[Any] = [None] * len(names)
    answer: list[T] = []

    def again(m: Any) -> T:
        fields = m.__dict__
        changed = not answer
        for i, name in enumerate(names):
            part = fields[name]
            if part is not before[i]:
                before[i] = part
                changed = True
        if changed:
            answer[:] = [function(m)]
        return answer[0]

    return again


def parts_read(spec: AnyMachine, hook: str) -> frozenset[str]:
    """The fields of the state that a function of the machine, of a state and a page, may read."""
    layout = Layout.of(spec.state, sizes_for(spec, DEFAULT_SIZES))
    result = every_path(getattr(spec, hook), layout, ({},), (0,))
    read = -1 if result is None else result.reads
    return frozenset(path.split(".")[0] for path in layout.places if layout.whole(path) & read)
