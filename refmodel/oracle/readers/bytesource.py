"""A forward-only source of bytes that knows its offset and never believes a length field."""

from collections.abc import Callable
from typing import Protocol

from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, UnusableInput

CHUNK = 64 * 1024
"""Bytes asked of the file at a time: what one unread length field can cost in memory."""

MAX_READ = 1024 * 1024
"""Default limit in bytes of one `read_exact`."""


class Readable(Protocol):
    """What is needed of a file: a pipe, a regular file, a decompressor, `io.BytesIO`."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, none at the end."""


class ByteSource:
    """Reads `file` forward. `name` is for messages; `offset` is the position of the next byte, in bytes."""

    def __init__(self, file: Readable, name: str, offset: int = 0) -> None:
        # read1 returns what a pipe has now; read would wait for a full chunk.
        self._read: Callable[[int], bytes | None] = getattr(file, "read1", file.read)
        self._buffer = b""
        self._position = 0
        self.name = name
        self.offset = offset

    def _fill(self, wanted: int) -> int:
        """Make `wanted` bytes (at most `CHUNK`) available in the buffer; return how many there are."""
        have = len(self._buffer) - self._position
        while have < wanted:
            try:
                more = self._read(CHUNK)
            except OSError as error:
                reason = error.strerror or str(error)
                raise UnusableInput(
                    self.name, self.offset + have, f"the input cannot be read ({reason})", "readable bytes"
                ) from error
            if more is None:
                raise UnusableInput(self.name, self.offset + have, "the input would block", "a blocking file or pipe")
            if not more:
                break
            self._buffer = self._buffer[self._position :] + more
            self._position = 0
            have = len(self._buffer)
        return have

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes (at most `CHUNK`) without consuming them; fewer at the end.

        Raises `UnusableInput` when the file cannot be read.
        """
        if not 0 <= size <= CHUNK:
            raise ValueError(f"peek of {size} bytes")
        self._fill(size)
        return self._buffer[self._position : self._position + size]

    def _take(self, size: int) -> bytes:
        """Consume up to `size` bytes; fewer only at the end. Memory grows with what arrives, not with `size`."""
        if len(self._buffer) - self._position < size:
            parts = []
            left = size
            while left and (have := self._fill(min(left, CHUNK))):
                step = min(left, have)
                parts.append(self._buffer[self._position : self._position + step])
                self._position += step
                self.offset += step
                left -= step
            return b"".join(parts)
        data = self._buffer[self._position : self._position + size]
        self._position += size
        self.offset += size
        return data

    def read_some(self, size: int) -> bytes:
        """Return 1 to `size` bytes, or none at the end. Raises `UnusableInput` when the file cannot be read."""
        return self._take(min(size, self._fill(1)))

    def read_exact(self, size: int, what: str, cap: int = MAX_READ) -> bytes:
        """Return exactly `size` bytes of `what` (a name for messages).

        Raises `BrokenStream` when `size` is over `cap` bytes, `EarlyEnd` when the input ends first, and
        `UnusableInput` when the file cannot be read.
        """
        start = self.offset
        if size > cap:
            raise BrokenStream(start, what, f"a length of at most {cap} bytes", f"a length of {size} bytes")
        data = self._take(size)
        if len(data) < size:
            raise EarlyEnd(start, what, f"{size} more bytes", f"the end of the stream after {len(data)}")
        return data

    def read_uint(self, size: int, what: str) -> int:
        """Return a big-endian unsigned integer of `size` bytes. Raises like `read_exact`."""
        return int.from_bytes(self.read_exact(size, what), "big")

    def read_rest(self, cap: int, what: str) -> bytes:
        """Return everything up to the end of the input.

        Raises `UnusableInput` when that is more than `cap` bytes, or when the file cannot be read.
        """
        start = self.offset
        data = self._take(cap)
        if self._fill(1):
            raise UnusableInput(
                self.name, start, f"{what} is longer than the {cap} bytes that are buffered", "a shorter one"
            )
        return data
