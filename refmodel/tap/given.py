"""Bytes that are given in one thread, and read in another as a file."""

from collections import deque
from threading import Condition

__all__ = ["Bytes"]


class Bytes:
    """The bytes that were given and not yet read, as a file for one reader."""

    def __init__(self) -> None:
        self._change = Condition()
        self._given: deque[memoryview] = deque()
        self._ended = False
        self.came = 0
        """Bytes that were given."""
        self.waiting = 0
        """Bytes that nobody has read yet."""
        self.starves = False
        """The reader waits for bytes."""

    def give(self, data: bytes) -> None:
        """More bytes."""
        with self._change:
            self._given.append(memoryview(data))
            self.starves = False
            self.came += len(data)
            self.waiting += len(data)
            self._change.notify()

    def end(self) -> None:
        """There will be no more."""
        with self._change:
            self._ended = True
            self._change.notify()

    def drop(self) -> None:
        """Nobody will read on: what is here is given up."""
        with self._change:
            self._given.clear()
            self.waiting = 0
            self._ended = True
            self._change.notify()

    def read(self, size: int, /) -> bytes:
        """Some bytes, at most so many; waits for them. None are the end."""
        space = bytearray(size)
        return bytes(space[: self.readinto(memoryview(space))])

    def readinto(self, view: memoryview) -> int:
        """Some bytes; waits for them. None are the end."""
        with self._change:
            self.starves = not self._given
            while not self._given and not self._ended:
                self._change.wait()
            done = 0
            while self._given and done < len(view):
                first = self._given[0]
                size = min(len(first), len(view) - done)
                view[done : done + size] = first[:size]
                done += size
                if size == len(first):
                    self._given.popleft()
                else:
                    self._given[0] = first[size:]
            self.waiting -= done
            return done
