"""The solver's ``unknown`` is neither proof nor refutation, and is shown as what it is."""

from io import StringIO
from typing import Any

import pytest
import z3
from rich.console import Console

from proofs.display import show
from proofs.prove import prove_all
from proofs.solve import Options, Verdict
from tests.proofs.peer import LendsInSecret, Library


def test_unknown_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    class DoesNotKnow:
        def add(self, *formulas: Any) -> None: ...
        def push(self) -> None: ...
        def pop(self) -> None: ...
        def check(self) -> Any:
            return z3.unknown

    monkeypatch.setattr("proofs.solve.solver_for", lambda obligation, options: DoesNotKnow())
    report = prove_all(Library())
    assert set(report.verdicts) == {Verdict.UNKNOWN}
    assert not report.is_proved
    console = Console(width=200, file=StringIO())
    show(console, report, Options())
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert "unknown: lend against what_is_lent_is_known" in shown


def test_many_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs.display.NAMED", 1)
    console = Console(width=200, file=StringIO())
    show(console, prove_all(LendsInSecret()), Options())
    assert isinstance(console.file, StringIO)
    assert "and 1 more; --json lists them all" in console.file.getvalue()
