"""The command line as a process of its own, also where nothing is installed."""

import sys

__all__ = ["REFMODEL"]

REFMODEL = (sys.executable, "-c", "from refmodel.cli import main; main()")
