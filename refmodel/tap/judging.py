"""The judge beside the wire: a thread that is given the bytes, and is left behind when it fails or is too slow."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from threading import Condition, Thread
from typing import Any

from refmodel.fast.images import Remembered
from refmodel.fast.qemu import QemuReading
from refmodel.fast.verdict import judge_reading
from refmodel.oracle.readers.qemu_records import Section, SectionKind
from refmodel.oracle.verdict import Verdict

__all__ = ["Bytes", "Judging"]


class Bytes:
    """The bytes that were given and not yet read, as a file for one reader."""

    def __init__(self) -> None:
        self._change = Condition()
        self._given: deque[memoryview] = deque()
        self._ended = False
        self.waiting = 0
        """Bytes that nobody has read yet."""

    def give(self, data: bytes) -> None:
        """More bytes."""
        with self._change:
            self._given.append(memoryview(data))
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


class Judging:
    """Judges a stream while it comes. ``wake`` is called from the thread when something is to be seen here."""

    def __init__(
        self, where: str, memory: Sequence[Remembered], deltas: bool, most: int, wake: Callable[[], None]
    ) -> None:
        self.bytes = Bytes()
        self.parsed = 0
        """The end of the last whole record that was read, as long as the guest runs at the source."""
        self.tail_at: int | None = None
        """Where the stop-and-copy begins, once it was seen."""
        self.verdict: Verdict | None = None
        self.failure: str | None = None
        """Why there is no verdict."""
        self._most = most
        self._wake = wake
        self._over = False
        opens = lambda: nullcontext(self.bytes)  # noqa: E731
        self._reading = QemuReading(where, opens, memory, deltas, again=False, watch=self._watch)
        self._thread = Thread(target=self._run, name="judge", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """It has a verdict, or will never have one."""
        return self.verdict is not None or self.failure is not None

    def give(self, data: bytes) -> None:
        """More of the stream; over so many bytes that were not read the judge is left behind."""
        if self.is_over:
            return
        if self._over:
            self.leave("bytes came after the stream's end marker")
        elif self.bytes.waiting + len(data) > self._most:
            self.leave(f"it was more than {self._most} bytes behind the wire")
        else:
            self.bytes.give(data)

    def end(self) -> None:
        """The stream is over."""
        self._over = True
        self.bytes.end()

    def leave(self, why: str) -> None:
        """Go on without a verdict."""
        if not self.is_over:
            self.failure = why
            self.bytes.drop()
            self._wake()

    def _watch(self, record: Any, offset: int) -> None:
        if self.tail_at is None:
            if isinstance(record, Section) and record.kind is SectionKind.END:
                self.tail_at = record.offset
            else:
                self.parsed = offset
            self._wake()

    def _run(self) -> None:
        try:
            verdict = judge_reading(self._reading)
        except Exception as error:  # whatever it is, it is the judge's, and not the migration's
            self.failure = self.failure or f"it failed ({type(error).__name__}: {error})"
        else:
            if self.failure is None:
                self.verdict = verdict
        self.bytes.drop()
        self._wake()
