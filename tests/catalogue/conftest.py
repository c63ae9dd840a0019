"""The command finds the prover by entry point; here it is taken from where it is, by the tests that need it."""

import pytest

from proofs.refute import refute
from refmodel.catalogue import command


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty columns, and no prover unless a test asks for it."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(command, "prover", lambda: None)


@pytest.fixture
def prover(monkeypatch: pytest.MonkeyPatch, alone: None) -> None:
    monkeypatch.setattr(command, "prover", lambda: refute)
