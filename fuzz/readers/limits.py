"""One input to one target: it ends in a result or in the readers' own errors, within a second and in little memory.

The time is this process's own, so that a busy machine accuses nobody. Memory is limited by the system, so that the
input that asks for too much is the one that fails.
"""

import re
import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

from refmodel.oracle.readers.errors import ReaderError
from refmodel.unusable import Unusable

__all__ = ["MEGABYTES", "SECONDS", "Found", "answer", "bounded_memory", "peak_megabytes"]

SECONDS = 1.0
MEGABYTES = 512
_DIGITS = re.compile(r"0x[0-9a-f]+|[0-9]+|'[^']*'|\"[^\"]*\"|\\x..|\b[0-9a-f]{2}\b")
_PROJECT = str(Path(__file__).parents[2])


class _Stuck(BaseException):
    """Raised inside the reader when its time is over; nothing that catches errors catches it."""


class Found(Exception):
    """What is wrong with a reader, and where; ``key`` is the same for inputs that show the same fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(key, message)
        self.key = key
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.key}]"


def answer(read: Callable[[bytes], object], data: bytes, seconds: float = SECONDS) -> str:
    """What came of it, without numbers and names: ``read``, or the error. Found where that is neither."""
    began = process_time()
    try:
        with _time(seconds):
            said = f"read {read(data) or ''}"
    except (Unusable, ReaderError) as error:
        said = f"{type(error).__name__} {_DIGITS.sub('#', _plain(error))[:160]}"
    except _Stuck as error:
        raise Found(f"slow {_place(error)}", f"over {seconds} s of CPU for {len(data)} bytes") from error
    except MemoryError as error:
        raise Found(f"memory {_place(error)}", f"over {MEGABYTES} MB for {len(data)} bytes") from error
    except Exception as error:
        raise Found(f"{type(error).__name__} {_place(error)}", f"{type(error).__name__}: {error}"[:300]) from error
    if (taken := process_time() - began) > seconds:
        raise Found("slow", f"{taken:.2f} s of CPU for {len(data)} bytes")
    return said


def _plain(error: Exception) -> str:
    """The text without the place."""
    return error.what if isinstance(error, Unusable) else str(error).partition(": ")[2]


def _place(error: BaseException) -> str:
    """The innermost line of the project that the error went through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(_PROJECT)]
    inner = [f for f in frames if "/fuzz/readers/" not in f.filename] or frames
    return f"{Path(inner[-1].filename).name}:{inner[-1].name}" if inner else "?"


@contextmanager
def _time(seconds: float) -> Iterator[None]:
    def over(number: int, frame: Any) -> None:
        raise _Stuck

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def bounded_memory(megabytes: int = MEGABYTES) -> Iterator[None]:
    """Let this process have so much in all; beyond it, what asks gets a MemoryError.

    A process that has more than half of it already, with whatever else runs in it, gets half of it on top.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    has, resident = (int(status.partition(name)[2].split()[0]) >> 10 for name in ("VmData:", "VmRSS:"))
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    room = has + max(megabytes - resident, megabytes // 2)
    resource.setrlimit(resource.RLIMIT_DATA, (room << 20, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def peak_megabytes() -> float:
    """The most memory that this process has had resident so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
