"""atheris, libFuzzer for Python: whether it is here, and what is said where it is not.

Nothing of the specification is imported here, as a target has what it imports itself instrumented.
"""

import importlib.util
import sys
from typing import Any

from refmodel.unusable import Unusable

__all__ = ["engine", "needs_atheris"]


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
