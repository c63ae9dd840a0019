import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def atheris() -> Any:
    """The engine. In CI it has to be there; elsewhere the test is skipped without it, and says so."""
    if importlib.util.find_spec("atheris") is None:
        missing = "atheris is not installed (Linux x86-64, CPython 3.11 to 3.13): pip install 'refmodel[fuzz]'"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    return importlib.import_module("atheris")


@pytest.fixture
def temporary_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign without a folder of its own makes it in the test's: what was found stays there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
