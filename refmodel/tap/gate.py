"""What may be passed on: with memory to compare, nothing of the stop-and-copy before the judge has spoken.

Without the end of that tail the target cannot start. So bytes are passed on as far as the judge has read whole records
of a guest that runs; from the head of the stop-and-copy on they are held, until the verdict.
"""

from collections import deque

from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.readers.vmdescription import MAX_JSON, locate
from refmodel.tap.judging import Judging

__all__ = ["Gate"]

_HEAD = 6
"""Bytes before the text of a vmdescription."""


class Gate:
    """The bytes that have come and were not passed on yet. ``holds``: it waits for the judge."""

    def __init__(self, judging: Judging, holds: bool) -> None:
        self._judging = judging
        self._holds = holds
        self._waiting: deque[memoryview] = deque()
        self._latest: deque[bytes] = deque()
        """What came last, enough of it to hold a vmdescription; and how much that is."""
        self._length = 0
        self.came = 0
        self.passed = 0
        self.held = 0
        """The most bytes of the tail that were held."""

    def take(self, data: bytes) -> None:
        """Bytes have come."""
        self._waiting.append(memoryview(data))
        self.came += len(data)
        if self._holds:
            self._latest.append(data)
            self._length += len(data)
            while self._length - len(self._latest[0]) > MAX_JSON + _HEAD:
                self._length -= len(self._latest.popleft())

    def note(self) -> None:
        """Note how much of the tail is here, before anything of it is passed on. In post-copy nothing of it is held."""
        tail = self._judging.tail_at
        if self._holds and not self._judging.switched and tail is not None and self.passed <= tail:
            self.held = max(self.held, self.came - tail)

    @property
    def waiting(self) -> int:
        """Bytes that were not passed on."""
        return self.came - self.passed

    @property
    def holds_the_tail(self) -> bool:
        """The stop-and-copy has begun, and the judge has not spoken."""
        return self._may_hold and self._judging.tail_at is not None

    @property
    def _may_hold(self) -> bool:
        """After the switch to post-copy the guest at the target waits for what comes."""
        return self._holds and not self._judging.is_over and not self._judging.switched

    @property
    def tail_is_whole(self) -> bool:
        """What came last is the end of a stream: a vmdescription, to its last byte."""
        if not self.holds_the_tail or not self._latest[-1].endswith(b"}"):
            return False
        try:
            locate(b"".join(self._latest), 0)
        except BrokenStream:
            return False
        return True

    @property
    def allowed(self) -> int:
        """How many bytes may be passed on now."""
        if not self._may_hold:
            return self.waiting
        limit = self._judging.parsed if self._judging.tail_at is None else self._judging.tail_at
        return max(0, min(limit, self.came) - self.passed)

    def next(self) -> memoryview | None:
        """Some bytes that may be passed on, if there are any."""
        allowed = self.allowed
        if not allowed:
            return None
        first = self._waiting.popleft()
        if len(first) > allowed:
            self._waiting.appendleft(first[allowed:])
            first = first[:allowed]
        self.passed += len(first)
        return first
