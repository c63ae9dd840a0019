"""The doctor: everything is named, found where it is, and its absence is no failure."""

import json
import os
import stat
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from refmodel.cli.root import root

DOCTOR = import_module("refmodel.cli.doctor")
NAMES = ["qemu", "plugins", "gcc", "atheris", "cvc5", "userfaultfd", "numpy", "pyarrow", "distributed"]


def told(*arguments: str) -> str:
    ran = CliRunner().invoke(root, ["doctor", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def rows() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(told("--json"))["tools"]}


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_it_names_everything_and_what_each_would_add() -> None:
    found = rows()
    assert list(found) == NAMES
    assert all(row["adds"] and row["get"] for row in found.values())


def test_a_program_is_found_with_its_version_and_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "gcc", "echo 'gcc (Debian 12.2.0-14) 12.2.0'")
    program(tmp_path, "qemu-system-x86_64", "echo 'QEMU emulator version 7.2.22'; echo Copyright")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = rows()
    assert found["gcc"]["found"] == f"12.2.0 ({tmp_path}/gcc)"
    assert found["qemu"]["found"] == f"7.2.22 ({tmp_path}/qemu-system-x86_64)"


def test_what_is_missing_or_broken_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "gcc", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = rows()
    assert found["gcc"]["found"] is None
    assert found["qemu"]["found"] is None


@pytest.mark.parametrize(
    ("said", "found"), [("Could not load plugin x.so: none", True), ("-plugin: invalid option", False)]
)
def test_a_qemu_takes_plugins_if_it_looks_for_the_file(
    said: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "qemu-system-x86_64", f"echo 'qemu-system-x86_64: {said}' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (rows()["plugins"]["found"] is not None) == found


def test_a_package_has_its_version_and_one_that_is_not_installed_none() -> None:
    assert rows()["cvc5"]["found"] == version("cvc5")
    assert DOCTOR._package("no-such-package-of-anybody")() is None


def test_userfaultfd_is_asked_of_the_kernel_and_no_file_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert DOCTOR._userfaultfd() in {"all faults", "faults of user mode", None}
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    monkeypatch.setattr(DOCTOR, "_USERFAULTFD", {os.uname().machine: 1 << 20})
    assert DOCTOR._userfaultfd() is None


def test_the_table_says_how_to_get_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "140")
    shown = told()
    assert all(name in shown for name in NAMES)
    assert "no: apt-get install gcc" in shown
