"""Lines of a text companion of a QEMU stream, one at a time; memory is one line's."""

from collections.abc import Iterator

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BadLine

__all__ = ["MAX_LINE", "text_lines"]

MAX_LINE = 4096
"""Longest line in bytes."""


def text_lines(source: ByteSource, *, ended: bool = False) -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and text of each line. Raises `BadLine` for a long one, and for what is no ASCII.

    Also, if every line has to be `ended`, for a last one without its end: the file was cut short.
    """
    rest = b""
    number = 0
    while piece := source.read_some(1 << 16):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            number += 1
            yield number, _text(source.name, number, line)
        if len(rest) > MAX_LINE:
            _text(source.name, number + 1, rest)
    if rest:
        if ended:
            raise BadLine(source.name, number + 1, "cut short", "a line end")
        yield number + 1, _text(source.name, number + 1, rest)


def _text(name: str, number: int, line: bytes) -> str:
    if len(line) > MAX_LINE:
        raise BadLine(name, number, f"over {MAX_LINE} bytes", "shorter lines")
    if not line.isascii():
        raise BadLine(name, number, f"{line[:40]!r}", "ASCII text")
    return line.decode("ascii").rstrip("\r")
