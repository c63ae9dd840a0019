"""The delta of an XBZRLE record: runs of unchanged bytes and of new ones, against the page's last sent content.

A delta is ``(uleb unchanged, uleb new, new bytes)*``; a number has one or two bytes of seven bits, the low ones first.
What is refused is what QEMU 7.2 refuses (migration/xbzrle.c, xbzrle_decode_buffer).
"""

__all__ = ["DeltaError", "apply"]


class DeltaError(Exception):
    """The delta cannot be applied: `at` is the position in it, in bytes."""

    def __init__(self, at: int, expected: str, found: str) -> None:
        super().__init__(at, expected, found)
        self.at = at
        self.expected = expected
        self.found = found


def apply(delta: bytes, old: bytes) -> bytes:
    """Return `old` with the new bytes of `delta`; an empty delta changes nothing. Raises `DeltaError`."""
    new = bytearray(old)
    position = 0
    there = 0
    while position < len(delta):
        first = position == 0
        skip, position = _number(delta, position, "a run of unchanged bytes")
        if not skip and not first:
            raise DeltaError(position, "unchanged bytes between two runs of new ones", "a run of 0 bytes")
        there += skip
        count, position = _number(delta, position, "a run of new bytes after the unchanged ones")
        if not count:
            raise DeltaError(position, "new bytes in a run of new ones", "a run of 0 bytes")
        if there + count > len(new):
            raise DeltaError(position, f"new bytes inside the page of {len(new)}", f"{count} bytes at {there}")
        if position + count > len(delta):
            raise DeltaError(position, f"{count} new bytes", f"{len(delta) - position} bytes to the delta's end")
        new[there : there + count] = delta[position : position + count]
        there += count
        position += count
    return bytes(new)


def _number(delta: bytes, position: int, what: str) -> tuple[int, int]:
    """Return the number at `position` and the position after it. After each number QEMU wants at least one byte."""
    if len(delta) - position < 2:
        raise DeltaError(position, what, "the delta's end")
    low = delta[position]
    if not low & 0x80:
        return low, position + 1
    high = delta[position + 1]
    if high & 0x80:
        raise DeltaError(position, "a number of at most two bytes", "a longer one")
    return low & 0x7F | high << 7, position + 2
