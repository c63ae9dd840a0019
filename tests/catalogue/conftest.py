"""The commands find the prover by entry point; here it is taken from where it is."""

import pytest

from proofs.refute import refute
from refmodel.catalogue import command


@pytest.fixture
def prover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "prover", lambda: refute)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
