"""What a target tells the campaign that it runs in: lines of JSON on a pipe. Nothing where it runs by itself.

A line: ``runs`` since the process began, ``new`` abstract states since the last line, how many findings came
``again``, and ``found`` for one that did not. ``draft`` is a finding before it is shrunk, which takes a while: it is
kept as it is where the next line does not come.
"""

import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["STATES", "STATUS", "Status"]

STATES = 1 << 16
"""States are counted by hash, up to so many."""
_EVERY_SECONDS = 0.2


class Status:
    """The one that ``STATUS`` is; ``listening`` is whether a campaign reads it."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._told = time.monotonic()
        self._met: set[int] = set()
        self._new: set[int] = set()
        self.runs = self.known = 0
        self.on_tell: Callable[[], object] = lambda: None

    @property
    def listening(self) -> bool:
        return self._descriptor is not None

    def listen(self, descriptor: int) -> None:
        """From now on what is told goes there."""
        self._descriptor = descriptor

    def met(self, states: Iterable[int]) -> None:
        """Abstract states that a run met, as hashes that are the same in every process."""
        for state in states:
            number = state % STATES
            if number not in self._met:
                self._met.add(number)
                self._new.add(number)

    def again(self) -> None:
        """A finding that is known already."""
        self.known += 1

    def ran(self) -> None:
        """An input is done."""
        self.runs += 1
        if time.monotonic() - self._told > _EVERY_SECONDS:
            self.tell()

    def tell(self, **more: Any) -> None:
        """Write a line at once. Where nobody reads any more, the process ends: no worker outlives its campaign."""
        self._told = time.monotonic()
        if self._descriptor is None:
            return
        self.on_tell()
        fields = {"runs": self.runs, "again": self.known, "new": sorted(self._new), **more}
        self._new.clear()
        line = memoryview(json.dumps(fields).encode() + b"\n")
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError:
            os._exit(1)


STATUS = Status()
