"""Input that cannot be used: what it is, where, and what was expected. The CLI prints it and exits with status 2."""

from collections.abc import Iterable
from difflib import get_close_matches
from reprlib import Repr

__all__ = ["Unusable", "nearest", "shown"]

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80


def shown(value: object) -> str:
    """A value that was read, for a message: short, however long it is or deeply nested."""
    return _SHORT.repr(value)


def nearest(name: str, names: Iterable[str]) -> str:
    """What to say that was expected for a name that is not there."""
    names = list(names)
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    return f"{near[0]!r}" if near else f"one of {', '.join(names)}"


class Unusable(Exception):
    """``where`` is a file, with an offset, line or field; ``what`` is wrong there; ``expected`` says what would do."""

    def __init__(self, where: str, what: str, expected: str) -> None:
        super().__init__(where, what, expected)
        self.where = where
        self.what = what
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"
