"""A worker's place, which the next one takes when it ends: how each is started, and how soon."""

import time
from pathlib import Path
from zlib import crc32

from attrs import define

from fuzz.campaigns.folder import Folder
from fuzz.campaigns.plan import Plan
from fuzz.campaigns.process import Process, begun
from refmodel.unusable import Unusable

__all__ = ["AT_ONCE", "Slot"]

AT_ONCE = 10.0
"""A worker that ends within so many seconds, and has found nothing, has ended at once."""
_MOST_AT_ONCE = 4
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@define
class Slot:
    """``runs`` are those of the workers that have ended; ``done`` says that no other is to begin."""

    number: int
    process: Process | None = None
    runs: int = 0
    at_once: int = 0
    """So many have ended at once, one after another; and so many of those, nobody knows at which input."""
    for_nothing: int = 0
    begun: int = 0
    next_at: float = 0.0
    done: bool = False

    def started(self, plan: Plan, folder: Folder, left: float) -> Process | None:
        """Start a worker for the time that is left; None when there is nothing left to do. OSError where it cannot."""
        flags = [
            f"-seed={self._seed(folder)}",
            f"-max_total_time={max(1, round(left))}",
            f"-timeout={plan.timeout:.0f}",
        ]
        if plan.runs is not None:
            runs = -(-plan.runs // plan.workers_here) - self.runs
            flags.append(f"-runs={runs}")
            self.done = runs <= 0
        self.done |= left <= 0
        if self.done:
            return None
        self.begun += 1
        log = folder.log / f"worker-{self.number}.log"
        self.process = begun(
            folder.workers / str(self.number), log, folder.identity, flags, plan.timeout, folder.corpus.folder
        )
        return self.process

    def _seed(self, folder: Folder) -> int:
        """The campaign's own for its first worker; another one each time that a worker begins."""
        seed, session = folder.identity.seed, folder.statistics.sessions
        if (session, self.number, self.begun) == (1, 0, 0):
            return seed
        return 1 + crc32(f"{seed} {session} {self.number} {self.begun}".encode()) % (2**31 - 2)

    def pause(self, at_once: bool, explained: bool, said: str, log: Path) -> None:
        """Wait before the next begins, longer each time that one ends at once.

        Unusable when too many have, one after another, and left no input that explains it.
        """
        self.at_once = self.at_once + 1 if at_once else 0
        self.for_nothing = self.for_nothing + 1 if at_once and not explained else 0
        if self.for_nothing == _MOST_AT_ONCE:
            raise Unusable(str(log), f"{said} ({_MOST_AT_ONCE} times, at once)", "workers that go on")
        self.next_at = time.monotonic() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self.at_once, 10))
