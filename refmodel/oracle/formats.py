"""What a format of recordings is to the oracle: a name, how it is recognised, and a function that judges.

``refmodel.oracle.recording`` has the list of them; docs/adding-a-reader.md adds one more.
"""

from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from refmodel.oracle.events import Memory
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.verdict import Verdict

__all__ = ["Format", "Opened"]


@frozen
class Opened:
    """An opened recording, as a format's function is given it."""

    source: ByteSource
    """The stream, decompressed, at its first byte; ``source.name`` is its path, or - for standard input."""
    folder: Path | None
    """Where it lies with its companions; None for a file alone."""
    memory: list[Memory]
    """What ``truth.json`` says of both sides."""
    judge: Judge
    """Takes the events."""
    asked: tuple[str, int] | None = field(default=None)
    """The page whose story is wanted in any case."""


@frozen
class Format:
    """One format."""

    name: str
    looks_like: Callable[[bytes], bool]
    """Whether an input that begins with these bytes (64, or fewer at its end) is of this format."""
    judge: Callable[[Opened], Evidence | Verdict]
    """Gives the judge every event, and returns it with whatever else was found. Raises Unusable for other bytes."""
    what: str
    """For messages: what the input would be."""
