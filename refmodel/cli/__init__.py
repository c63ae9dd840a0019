"""The command line: ``refmodel --help`` teaches the rest.

Exit status everywhere: 0 accepted or nothing found, 1 a violation or a broken claim, 2 unusable input or arguments;
130 interrupted.
"""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line. To load it takes a while, in which it may be interrupted too."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who called us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - to the end
    try:
        from refmodel.cli.root import run

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
