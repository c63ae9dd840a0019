"""A line of the table that ``refmodel check`` ends with."""

from attrs import frozen

__all__ = ["Row"]


@frozen
class Row:
    """What was checked, how it came out, and whether that is as it must be."""

    part: str
    """prove, search, fuzz or oracle."""
    what: str
    result: str
    ok: bool
    seconds: float
