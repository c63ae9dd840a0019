"""Nothing in the lab is waited for without end."""

import asyncio
from pathlib import Path

import pytest

from refmodel.lab import run
from refmodel.lab.scenarios import SCENARIOS
from refmodel.unusable import Unusable


def test_what_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_LONGEST", 0.05)
    with pytest.raises(Unusable, match="the tap goes on after"):
        asyncio.run(run._soon("the tap goes on", asyncio.sleep(30)))


def test_what_comes_is_passed_on() -> None:
    assert asyncio.run(run._soon("the tap goes on", asyncio.sleep(0, "told"))) == "told"


def test_a_folder_too_deep_for_sockets_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="too long for a socket; expected a shorter TMPDIR"):
        asyncio.run(run.run("plain", SCENARIOS["plain"], "no-such-qemu", tmp_path / ("deep" * 20)))
