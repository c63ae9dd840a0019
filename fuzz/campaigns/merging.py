"""A target under libFuzzer's merge: a finding ends no process here, since its input is to be weighed as any other.

    PROGRAM -merge=1 OUT IN

PROGRAM is a script that calls this module, as libFuzzer starts its first argument again for each attempt.
"""

import os
import runpy
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fuzz.campaigns.status import STATUS
from fuzz.campaigns.worker import end_with
from fuzz.engine import engine

__all__ = ["main", "program"]


def program(path: Path, target: Path) -> None:
    """Write the script. OSError where that cannot be."""
    words = [sys.executable, "-P", "-m", "fuzz.campaigns.merging", str(os.getpid()), str(target)]
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$0" "$@"\n', encoding="utf-8")
    path.chmod(0o700)


def main(argv: Sequence[str]) -> None:
    """Run the target; the process ends as libFuzzer ends it."""
    parent, target, ours, *rest = argv
    if not any(argument.startswith("-merge_inner") for argument in rest):  # those are ended by libFuzzer
        end_with(int(parent))
    atheris = engine()
    setup = atheris.Setup
    STATUS.listen(os.open(os.devnull, os.O_WRONLY))  # as a worker's, so that it writes no finding of its own

    def set_up(argv: list[str], one_input: Callable[[bytes], object], **more: Any) -> Any:
        def lenient(data: bytes) -> None:
            try:
                one_input(data)
            except (Exception, SystemExit):
                return

        return setup([ours, *argv[1:]], lenient, **more)  # not the target, which is no program

    atheris.Setup = set_up
    sys.argv = [ours, *rest]
    runpy.run_path(target, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
