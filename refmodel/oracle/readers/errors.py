"""The two ways in which reading an input fails: it cannot be judged, or it is judged and found broken.

The split decides the exit status of the oracle: input that cannot be judged must never look like a verdict.
"""

from refmodel.unusable import Unusable


class ReaderError(Exception):
    """Base of everything that a reader raises on purpose; any other exception out of a reader is a bug in it."""


class UnusableInput(ReaderError, Unusable):
    """The bytes are no known stream, or a known format that is not read: nothing was judged (exit status 2).

    `offset` counts bytes from the start of the (decompressed) input; `path` is '-' for standard input.
    """

    def __init__(self, path: str, offset: int, what: str, expected: str) -> None:
        super().__init__(f"{path} at offset {offset}", what, expected)
        self.path = path
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.path}: {self.what} at offset {self.offset}; expected {self.expected}"


class NotReadYet(UnusableInput):
    """A construct of a known format that this version does not read; `what` names the construct."""

    def __str__(self) -> str:
        return f"{self.path}: {self.what} at offset {self.offset} is not read by this version; expected {self.expected}"


class BrokenStream(ReaderError):
    """It is a stream of a known format and its structure breaks: a violation (exit status 1).

    `offset` counts bytes from the start of the decompressed stream; `record` names what was being read there.
    """

    def __init__(self, offset: int, record: str, expected: str, found: str) -> None:
        super().__init__(offset, record, expected, found)
        self.offset = offset
        self.record = record
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"{self.record} at offset {self.offset}: expected {self.expected}, found {self.found}"


class EarlyEnd(BrokenStream):
    """The stream ends before its end marker.

    A class of its own, because a cancelled migration ends so and the caller may know that it was cancelled.
    """


class UnknownKind(BrokenStream):
    """A kind of record whose number no version that is read has: damage, or a newer sender's.

    A class of its own, because a whole recording of a version that is read can only be damaged there, while a caller
    that could stop a right migration must not take the one for the other.
    """


class BadLine(UnusableInput):
    """A line of a text companion that is none of its format; `line` counts from 1, `offset` is 0."""

    def __init__(self, path: str, line: int, what: str, expected: str) -> None:
        super().__init__(path, 0, what, expected)
        self.where = f"{path}: line {line}"
        self.line = line

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"


class WrongCompanion(UnusableInput):
    """A file that does not belong to the stream it lies beside: nothing is concluded from it, for or against."""

    def __init__(self, path: str, what: str, expected: str) -> None:
        super().__init__(path, 0, what, expected)
        self.where = path

    def __str__(self) -> str:
        return f"{self.path}: {self.what}; expected {self.expected}"
