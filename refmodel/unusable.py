"""Input that cannot be used: what it is, where, and what was expected. The CLI prints it and exits with status 2."""

from collections.abc import Iterable
from difflib import get_close_matches
from reprlib import Repr

__all__ = ["Unusable", "nearest", "shown"]

_FEW = 12
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80


def shown(value: object) -> str:
    """A value that was read, for a message: short, however long it is or deeply nested."""
    return _SHORT.repr(value)


def nearest(name: str, names: Iterable[str], listed: str = "") -> str:
    """What to say that was expected for a name that is not there. Of many a few; ``listed`` is the command for all."""
    names = list(names)
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    if near:
        return repr(near[0])
    more = f" and {len(names) - _FEW} more" + f", which {listed!r} lists" * bool(listed) if len(names) > _FEW else ""
    return f"one of {', '.join(names[:_FEW])}{more}"


class Unusable(Exception):
    """``where`` is a file, with an offset, line or field; ``what`` is wrong there; ``expected`` says what would do."""

    def __init__(self, where: str, what: str, expected: str) -> None:
        super().__init__(where, what, expected)
        self.where = where
        self.what = what
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"
