"""atheris, libFuzzer for Python: whether it is here, and what is said where it is not.

Nothing of the specification is imported here, as a target has what it imports itself instrumented.
"""

import importlib.util
import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from refmodel.unusable import Unusable

__all__ = ["engine", "needs_atheris", "program"]


def needs_atheris() -> None:
    """Unusable, with what to install, when there is no atheris."""
    if importlib.util.find_spec("atheris") is None:
        raise Unusable(
            "fuzz", "atheris is not installed", "pip install 'refmodel[fuzz]' (Linux x86-64, CPython 3.11 to 3.13)"
        )


def engine() -> Any:
    """The module. Where it is not here, the process ends with status 2 and says so: a target of libFuzzer's is one."""
    try:
        needs_atheris()
    except Unusable as error:
        print(f"refmodel: {error}", file=sys.stderr)
        sys.exit(2)
    import atheris

    return atheris


def program(script: str, options: Mapping[str, object] | None = None) -> str:
    """What libFuzzer is given as the program's name: with ``-merge=1``, ``-fork=1`` and ``-minimize_crash=1`` it hands
    that to a shell, with its own flags after it, for each process more. A target is no program by itself, and libFuzzer
    does not know the target's own options, which are given by name; those that are None are not set.
    """
    words = [script] if os.access(script, os.X_OK) else [sys.executable, script]
    own = [f"--{name}={value}" for name, value in (options or {}).items() if value is not None]
    return shlex.join([*words, *own])
