"""An interrupt ends a command with status 130 and a word, whenever it comes."""

import subprocess
import sys

import pytest

from refmodel.machines import machine
from refmodel.unusable import Unusable

_INTERRUPTED = """
import sys
class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
from refmodel.cli import main
main()
"""


@pytest.mark.parametrize("name", ["click", "refmodel.cli.root", "refmodel.oracle.command"])
def test_it_may_come_while_the_command_is_loaded(name: str) -> None:
    command = [sys.executable, "-c", _INTERRUPTED.format(name=name), "machines"]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"interrupted\n")


def test_of_many_names_a_few_are_told_and_what_lists_them() -> None:
    with pytest.raises(Unusable) as refused:
        machine("seed", "qqqqqqqq")
    assert len(str(refused.value)) < 400
    assert "'refmodel bugs --names' lists" in str(refused.value)
    with pytest.raises(Unusable, match="'refmodel machines' lists"):
        machine("seed+qqqqqqqq")
    with pytest.raises(Unusable, match=r"one of .*, remus$"):
        machine("qqqqqqqq")
