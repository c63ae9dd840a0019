"""By which parts of a state the guest may notice anything: where none of them changed, nobody need look."""

from typing import Any

from refmodel.migration import AnyMachine

__all__ = ["visible"]

_SIDES = ("hand_over", "source", "target")
"""What the guest sees, and on which side it runs."""


class _Read:
    """A state that writes down which of its parts are asked for."""

    def __init__(self, m: Any) -> None:
        self._m = m
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self._m, name)


def visible(spec: AnyMachine, m: Any) -> tuple[str, ...]:
    """The parts of a state on which it depends what the guest may notice: both sides, and what says what matters there.

    A page that is awaited no longer, for one, can be read from then on, whatever happens to memory.
    """
    asked: Any = _Read(m)
    for side in (m.source, m.target):
        spec.table_of(asked, side)
        spec.matters(asked, 0)
    return tuple(sorted({*_SIDES, *asked.names}))
