"""Input that cannot be used: what it is, where, and what was expected. The CLI prints it and exits with status 2."""

from reprlib import Repr

__all__ = ["Unusable", "shown"]

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80


def shown(value: object) -> str:
    """A value that was read, for a message: short, however long it is or deeply nested."""
    return _SHORT.repr(value)


class Unusable(Exception):
    """``where`` is a file, with an offset, line or field; ``what`` is wrong there; ``expected`` says what would do."""

    def __init__(self, where: str, what: str, expected: str) -> None:
        super().__init__(where, what, expected)
        self.where = where
        self.what = what
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"
