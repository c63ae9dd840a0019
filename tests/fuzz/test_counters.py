"""What we rely on in atheris. When one of these fails after an update, only ``fuzz/counters.py`` has to change."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fuzz.counters import FEW, MANY, counters

TARGET = """
import sys
import atheris
from fuzz import counters as ours

many, count = ours.{which}(atheris)
inputs = [b""]

def one_input(data):
    inputs.append(data)
    count(len(inputs) % 50)

atheris.Setup(sys.argv, one_input)
atheris.Fuzz()
"""


@pytest.mark.parametrize("which", ["counters", "public_counters"])
def test_what_is_counted_is_a_feature_to_libfuzzer(atheris: Any, which: str, tmp_path: Path) -> None:
    script = tmp_path / "target.py"
    script.write_text(TARGET.format(which=which))
    done = subprocess.run(
        [sys.executable, str(script), "-runs=400", "-seed=1"], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "cov: 50 " in done.stderr.splitlines()[-2]


def test_the_private_way_is_there(atheris: Any) -> None:
    assert counters(atheris)[0] == MANY


def test_without_the_private_way_the_public_one_is_taken() -> None:
    calls: list[int] = []

    def instrumented(function: Any) -> Any:
        number = int(function.__name__.split("_")[1])
        return lambda: calls.append(number)

    many, count = counters(SimpleNamespace(instrument_func=instrumented))
    assert many == FEW
    count(7)
    count(FEW - 1)
    assert calls == [7, FEW - 1]
