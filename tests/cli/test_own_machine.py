"""A machine of one's own whose code fails is no verdict: a line that says where, and status 2."""

import subprocess
from pathlib import Path

import pytest

from tests.started import REFMODEL

_MACHINE = """
from beside import wrong
from refmodel.seed import Bare

class Mine(Bare):
    def begin(self, m):
        return wrong(super().begin(m))
"""


@pytest.mark.parametrize("command", ["prove", "search"])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("m.no_such", "mine.py, line 7, in begin: AttributeError: 'BareState' object has no attribute 'no_such'"),
        ("m if len(m.log.dirty) else m", "mine.py, line 7, in begin: TypeError: object of type"),
        ("None", "mine.py: "),
    ],
)
def test_what_fails_in_a_step_is_told(command: str, wrong: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(_MACHINE)
    (tmp_path / "beside.py").write_text(f"def wrong(m):\n    return {wrong}\n")
    told = [*REFMODEL, command, "--machine", "mine.py:Mine"]
    ended = subprocess.run(told, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    last = ended.stderr.decode().splitlines()[-1]
    assert ended.returncode == 2
    assert last.startswith(f"refmodel: {says}")
    assert b"Traceback" not in ended.stderr
