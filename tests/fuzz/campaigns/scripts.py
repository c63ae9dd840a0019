"""Small targets for campaigns, which do what they are told to at an input that they are told of."""

from pathlib import Path

__all__ = ["TARGET", "written"]

TARGET = """
import os, sys, time
import atheris
from fuzz.campaigns.status import STATUS
from fuzz.counters import counters
from hashlib import sha1

{setup}
many, count = counters(atheris)

def one_input(data):
    state = int.from_bytes(sha1(data[:1]).digest()[:2], "little")
    count(state)
    STATUS.met([state])
    {body}
    time.sleep(0.0005)

atheris.Setup([sys.argv[0], "-max_len=8", *(a for a in sys.argv[1:] if not a.startswith("--"))], one_input)
atheris.Fuzz()
"""
"""Every first byte is a state."""


def written(folder: Path, name: str, body: str = "pass", setup: str = "") -> None:
    """Put a target into a folder of targets."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(TARGET.format(setup=setup, body=body))
