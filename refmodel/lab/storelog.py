"""The source's store log: a plugin of QEMU's TCG, built on the spot, and what it logged as a recording has it."""

import shutil
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

from refmodel.oracle.qemu.facts import Facts, read_facts
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.qemu_stores import HEADER
from refmodel.unusable import Unusable

__all__ = ["build_plugin", "takes_plugins", "written"]

_SECONDS = 60
_AFTER = 50_000
"""Microseconds: a store so long after the trace's last line is of no migration."""


def takes_plugins(binary: str) -> bool:
    """Whether this QEMU was built with plugins: then it looks for the file that it is told to load."""
    command = [binary, "-machine", "none", "-display", "none", "-plugin", "/nonexistent/plugin.so"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False, errors="replace")
    except (OSError, subprocess.SubprocessError):
        return False
    return "Could not load plugin" in said.stderr


def build_plugin(binary: str, folder: Path) -> Path:
    """Compile the plugin into the folder. Unusable without gcc, or for a QEMU without plugins."""
    gcc = shutil.which("gcc")
    if gcc is None:
        raise Unusable("gcc", "it is not installed, and the plugin is built here", "gcc: apt-get install gcc")
    if not takes_plugins(binary):
        raise Unusable(binary, "it was built without plugins", "a QEMU with --enable-plugins, or no --store-log")
    plugin = folder / "storelog.so"
    with as_file(files("refmodel.lab") / "storelog.c") as source:
        command = [gcc, "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-o", str(plugin), str(source)]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if made.returncode != 0:
        raise Unusable("gcc", (made.stderr.strip().splitlines() or ["no reason given"])[-1], "a gcc that makes plugins")
    return plugin


def written(folder: Path, log: Path) -> None:
    """Make ``writes.csv`` of what was logged: of each page its last run before the migration, and the runs during it.

    When it began, and when nothing more was traced, the source's trace says. The log is gone afterwards.
    """
    with open_input(str(folder / "src.trace")) as source:
        facts = read_facts(source, Notes())
    before, during = _sorted(log, facts)
    with (folder / "writes.csv").open("w", encoding="ascii") as out:
        for row in (HEADER, *(f"b,{row}" for row in before), *(f"w,{row}" for row in during)):
            out.write(f"{row}\n")
    log.unlink()


def _sorted(log: Path, facts: Facts) -> tuple[list[str], list[str]]:
    setup, last = (facts.setup or 0) * 1000, (facts.last + _AFTER) * 1000
    before: dict[int, str] = {}
    during = []
    for line in log.read_text(encoding="ascii").splitlines():
        _, begun, page, *_, ended, _ = line.split(",")
        if int(ended) < setup:
            before.pop(int(page), None)  # the order is that of the last runs
            before[int(page)] = line
        elif int(begun) <= last:
            during.append(line)
    return list(before.values()), during
