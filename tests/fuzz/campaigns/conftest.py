from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz.campaigns import slot, targets
from tests.fuzz.campaigns.scripts import written

Target = Callable[..., None]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """Makes the target ``told``; there are no others. Workers that end are replaced soon."""
    monkeypatch.setattr(targets, "FOLDER", tmp_path / "targets")
    monkeypatch.setattr(slot, "_FIRST_PAUSE", 0.02)

    def make(body: str = "pass", setup: str = "") -> None:
        written(tmp_path / "targets", "told", body, setup)

    return make
