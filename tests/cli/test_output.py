"""What becomes of a command whose output cannot be written: status 2, a line that says so, and no traceback."""

import subprocess
from pathlib import Path

import pytest

from refmodel.recordings import RECORDINGS
from tests.started import REFMODEL

_ACCEPTED = next(recording for recording in RECORDINGS if recording.verdict == "accepted")


@pytest.mark.parametrize(
    "arguments", [["machines"], ["bugs", "--names"], ["oracle", "--json", str(_ACCEPTED.path)], ["--version"]]
)
def test_a_full_disk_is_no_verdict(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [*REFMODEL, *arguments]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert ended.stderr == b"refmodel: standard output: No space left on device\n"
    assert ended.returncode == 2


@pytest.mark.parametrize("arguments", [["machines"], ["oracle", "--json", str(_ACCEPTED.path)]])
def test_where_nobody_listens_the_status_is_the_verdict(arguments: list[str]) -> None:
    command = ["sh", "-c", '"$@" >&-', "sh", *REFMODEL, *arguments]
    ended = subprocess.run(command, stderr=subprocess.PIPE, timeout=60, check=False)
    assert ended.stderr == b""
    assert ended.returncode == 0
