"""``refmodel doctor``: what is there of what refmodel can use, and what each would add."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import orjson
from attrs import asdict, frozen
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from refmodel.lab.storelog import takes_plugins

__all__ = ["Tool", "doctor", "tools"]

_SECONDS = 10
_USERFAULTFD = {"x86_64": 323, "aarch64": 282}
"""The number of the system call (Linux, ``asm/unistd.h``)."""
_USER_MODE_ONLY = 1
_QEMU = {"x86_64": "qemu-system-x86_64", "aarch64": "qemu-system-aarch64"}
_PERMITTED = Path("/proc/sys/vm/unprivileged_userfaultfd")


@frozen
class Tool:
    """Something that need not be there: what was found of it, what it adds, and how to get it."""

    name: str
    found: str | None
    """Its version, or where it is; None if it is not there."""
    adds: str
    get: str


def _program(name: str) -> str | None:
    """The first line of ``NAME --version``, with the path; None where there is no such program, or it fails."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    first = next(iter(said.stdout.splitlines()), "")
    number = re.search(r"\d+(\.\d+)+", first)
    return f"{number[0] if number else first[:60]} ({path})"


def _qemu() -> str | None:
    """The system's QEMU of this machine's architecture, or the one that boots PCs everywhere."""
    names = dict.fromkeys((_QEMU.get(os.uname().machine, "qemu-system-x86_64"), "qemu-system-x86_64"))
    return next((found for name in names if (found := _program(name))), None)


def _plugins() -> str | None:
    """The QEMU that the lab drives, where it was built with plugins."""
    path = shutil.which("qemu-system-x86_64")
    return path if path is not None and takes_plugins(path) else None


def _package(name: str) -> Callable[[], str | None]:
    def found() -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return found


def _userfaultfd() -> str | None:
    """Whether this process may have one: the system call is made, and what it returns is closed again."""
    number = _USERFAULTFD.get(os.uname().machine)
    if sys.platform != "linux" or number is None:
        return None
    call = ctypes.CDLL(None, use_errno=True).syscall
    for flags, what in ((os.O_CLOEXEC, "all faults"), (os.O_CLOEXEC | _USER_MODE_ONLY, "faults of user mode")):
        file = call(number, flags)
        if file >= 0:
            os.close(file)
            return what
    return None


def _permission() -> str:
    allowed = _PERMITTED.read_text(encoding="ascii").strip() if _PERMITTED.exists() else "absent"
    return f"a Linux kernel with userfaultfd; vm.unprivileged_userfaultfd is {allowed} here"


def tools() -> Iterator[Tool]:
    """Each thing that refmodel can use, as it is here and now."""
    pip = "pip install 'refmodel[{}]'".format
    rows: tuple[tuple[str, Callable[[], str | None], str, str], ...] = (
        ("qemu", _qemu, "migrations to record and to tap (refmodel tap)", "apt-get install qemu-system-x86"),
        (
            "plugins",
            _plugins,
            "a log of every store: refmodel lab qemu --store-log",
            "QEMU built with --enable-plugins",
        ),
        ("gcc", lambda: _program("gcc"), "guests and store logs built on the spot", "apt-get install gcc"),
        ("atheris", _package("atheris"), "refmodel fuzz, and libFuzzer under the readers' targets", pip("fuzz")),
        ("cvc5", _package("cvc5"), "a second solver: refmodel prove --cross-check", pip("cross-check")),
        ("userfaultfd", _userfaultfd, "a dirty log of user memory by write-protection faults", _permission()),
        ("numpy", _package("numpy"), "judging at line rate: refmodel fast, refmodel tap", pip("fast")),
        ("pyarrow", _package("pyarrow"), "columnar event files: refmodel events convert", pip("fast")),
        ("distributed", _package("distributed"), "shards of an event file judged on Dask", pip("shards")),
    )
    for name, find, adds, get in rows:
        yield Tool(name, find(), adds, get)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def doctor(as_json: bool) -> None:
    """Say what is there of what refmodel can use, and what each would add.

    None of it is needed to prove, search, replay and judge. Exit status: 0, whatever is missing.
    """
    found = list(tools())
    if as_json:
        rows = [asdict(tool) for tool in found]
        sys.stdout.buffer.write(orjson.dumps({"tools": rows}, option=orjson.OPT_INDENT_2) + b"\n")
        return
    table = Table(title="refmodel doctor", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("here", overflow="fold")
    table.add_column("adds", overflow="fold")
    for tool in found:
        here = f"[green]{tool.found}[/]" if tool.found else f"[yellow]no[/]: {escape(tool.get)}"
        table.add_row(tool.name, here, tool.adds)
    Console(highlight=False).print(table)
