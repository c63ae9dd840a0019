"""Input that cannot be used: what it is, where, and what was expected. The CLI prints it and exits with status 2."""

__all__ = ["Unusable"]


class Unusable(Exception):
    """``where`` is a file, with an offset, line or field; ``what`` is wrong there; ``expected`` says what would do."""

    def __init__(self, where: str, what: str, expected: str) -> None:
        super().__init__(where, what, expected)
        self.where = where
        self.what = what
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"
