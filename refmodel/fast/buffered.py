"""A byte source with a large buffer that is filled in place, and shows what is in it."""

from collections.abc import Callable
from typing import Any

from refmodel.oracle.readers.bytesource import CHUNK, ByteSource, Readable
from refmodel.oracle.readers.errors import UnusableInput

__all__ = ["Buffered"]

SIZE = 1 << 19
"""Bytes of the buffer: it is to stay in the processor's cache."""


class Buffered(ByteSource):
    """Reads `file` forward; `window` is what is in the buffer, `skip` goes on in it."""

    def __init__(self, file: Readable, name: str, size: int = SIZE) -> None:
        super().__init__(file, name)
        self._space = bytearray(max(size, 2 * CHUNK))
        self._view = memoryview(self._space)
        self._end = 0
        into: Any = getattr(file, "readinto1", None) or getattr(file, "readinto", None)
        self._into: Callable[[memoryview], int | None] = into or self._through_read

    def _through_read(self, view: memoryview) -> int | None:
        data = self._read(len(view))
        if data is None:
            return None
        view[: len(data)] = data
        return len(data)

    def _fill(self, wanted: int) -> int:
        """Make `wanted` bytes available; return how many there are."""
        have = self._end - self._position
        while have < wanted:
            if self._position:
                self._view[:have] = self._view[self._position : self._end]
                self._position, self._end = 0, have
            try:
                more = self._into(self._view[self._end :])
            except OSError as error:
                reason = error.strerror or str(error)
                at = self.offset + have
                raise UnusableInput(self.name, at, f"the input cannot be read ({reason})", "readable bytes") from error
            if more is None:
                at = self.offset + have
                raise UnusableInput(self.name, at, "the input would block", "a blocking file or pipe")
            if not more:
                break
            self._end += more
            have += more
        return have

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes without consuming them; fewer at the end."""
        if not 0 <= size <= CHUNK:
            raise ValueError(f"peek of {size} bytes")
        self._fill(size)
        return bytes(self._view[self._position : min(self._position + size, self._end)])

    def _take(self, size: int) -> bytes:
        """Consume up to `size` bytes; fewer only at the end."""
        parts = []
        left = size
        while left and (have := self._fill(min(left, CHUNK))):
            step = min(left, have)
            parts.append(bytes(self._view[self._position : self._position + step]))
            self.skip(step)
            left -= step
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def window(self, size: int) -> memoryview:
        """What is in the buffer: at least `size` bytes (at most CHUNK), or all that is left of the input."""
        self._fill(size)
        return self._view[self._position : self._end]

    def skip(self, size: int) -> None:
        """Go on by `size` bytes, which are in the buffer."""
        self._position += size
        self.offset += size
