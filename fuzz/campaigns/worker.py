"""A worker: a target as it stands, in a process of its own, since libFuzzer owns its process. What goes wrong is told.

    python -P -m fuzz.campaigns.worker STATUS_FD PARENT_PID TIMEOUT STACK_FILE TARGET.py [the target's arguments]

``atheris.Setup`` is given a function around the target's own: it counts runs, and tells what the target raises instead
of crashing, so that the process fuzzes on. Where it hangs or crashes outright, Python's stack is in the stack file.
"""

import base64
import ctypes
import faulthandler
import os
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from fuzz.campaigns.status import STATUS
from fuzz.engine import engine

__all__ = ["end_with", "main", "place_of", "told"]

_ROOT = str(Path(__file__).parents[2])
_OURS = str(Path(__file__).parent)
_PR_SET_PDEATHSIG = 1
_LONGEST = 4000
_EARLIER = 0.5
"""Seconds before libFuzzer's own timeout at which the stack is written."""


def end_with(parent: int) -> None:
    """Have the system kill this process when its parent ends, however it does."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended before we asked
        os._exit(1)


def place_of(error: BaseException) -> str:
    """The innermost line that the error went through in the project; else, outside of what this is."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_OURS)]
    inner = [f for f in frames if f.filename.startswith(_ROOT)] or frames
    return f"{Path(inner[-1].filename).name}:{inner[-1].name}" if inner else "?"


def told(error: BaseException, data: bytes) -> dict[str, Any]:
    """A finding, for the pipe. A target's error may say its own ``key``, ``rule``, and ``schedule`` (as JSON)."""
    key = getattr(error, "key", None) or f"{type(error).__name__} {place_of(error)}"
    return {
        "kind": "finding",
        "rule": getattr(error, "rule", None) or key,
        "key": key,
        "message": f"{type(error).__name__}: {error}"[:_LONGEST],
        "schedule": getattr(error, "schedule", b"").decode() or None,
        "input": base64.b64encode(data).decode(),
    }


def _watched(one_input: Callable[[bytes], object], timeout: float, stack: TextIO) -> Callable[[bytes], None]:
    known: set[str] = set()

    def soon() -> None:
        faulthandler.dump_traceback_later(max(0.5, timeout - _EARLIER), file=stack)

    def watched(data: bytes) -> None:
        if not STATUS.runs:  # now libFuzzer has its handlers, and is called after faulthandler's
            faulthandler.enable(stack)
            STATUS.on_tell = soon
            STATUS.tell()
        try:
            one_input(data)
        except (Exception, SystemExit) as error:
            found = told(error, bytes(data))
            if found["key"] in known:
                STATUS.again()
            else:
                known.add(found["key"])
                STATUS.tell(found=found)
        STATUS.ran()

    return watched


def _in_time(argument: str, spent: float) -> str:
    """libFuzzer counts its time from when it is called: what has been spent on the way there is taken off."""
    name, _, seconds = argument.partition("=")
    return f"{name}={max(1, int(seconds) - round(spent))}" if name == "-max_total_time" else argument


def main(argv: Sequence[str]) -> None:
    """Run the target. The process ends as libFuzzer ends it: 0 when its time is over."""
    descriptor, parent, timeout, stack, script, *arguments = argv
    end_with(int(parent))
    began = time.monotonic()
    atheris = engine()
    setup = atheris.Setup
    STATUS.listen(int(descriptor))
    with Path(stack).open("w", encoding="utf-8") as file:

        def set_up(argv: list[str], one_input: Callable[[bytes], object], **more: Any) -> Any:
            argv = [_in_time(argument, time.monotonic() - began) for argument in argv]
            return setup(argv, _watched(one_input, float(timeout), file), **more)

        atheris.Setup = set_up
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
