"""A specification whose one step is given, and functions that ask in its stead."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from refmodel.language import Contract, Cpu, Set, Specification, guest, invariant, neg
from tests.lifting.everything import Colour, Thing

__all__ = ["BY_NAME", "Paint", "asking", "is_red", "painted"]


@frozen(slots=False)
class Paint(Thing):
    cpus: Set[Cpu]
    bad: bool


class Base(Specification[Paint]):
    state = Paint

    def initial(self, anything: Paint) -> Paint:
        return anything.but(bad=False)

    @invariant(Contract.PROMISE)
    def never_bad(self, m: Paint) -> bool:
        return neg(m.bad)


def asking(step: Callable[[Any, Any], Any], state: type[Paint] = Paint) -> Specification[Paint]:
    """A specification whose one step is this."""
    return type("Asking", (Base,), {"ask": guest(step), "state": state})()  # type: ignore[no-any-return]


def is_red(colour: Any) -> bool:
    """Asked of a term this is false."""
    return colour is Colour.RED


def painted(colour: Any) -> Callable[[Any], bool]:
    """The same, as a function that is made."""
    return lambda other: other is colour


BY_NAME = {"red": lambda colour: isinstance(colour, Colour)}
