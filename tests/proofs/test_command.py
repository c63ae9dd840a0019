"""The command: exit status, JSON, what people read, and what it refuses."""

import json
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from proofs.assumptions import assumed
from proofs.command import _progress, prove
from proofs.display import show
from proofs.prove import prove_all
from proofs.solve import Options
from refmodel.machines import machine
from tests.proofs.peer import Contradictory, LendsInSecret, Library

RECORD = {"group": str, "step": str, "path": int, "claim": str, "verdict": str, "seconds": float}
TOTALS = {"obligations", "proved", "refuted", "unknown", "seconds", "slowest"}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(prove, arguments)


def test_what_is_proved_exits_with_0_and_says_what_was_assumed() -> None:
    result = _run("--only", "abort")
    assert result.exit_code == 0
    assert "Seed: hand-over" in result.output
    assert "obligations:" in result.output
    assert all(f"{assumption.name}: {assumption.means}" in result.output for assumption in assumed(machine("seed")))


def test_a_wrong_variant_exits_with_1_and_names_step_and_claim() -> None:
    result = _run("--variant", "no-flush", "--only", "transfer_flush")
    assert result.exit_code == 1
    claim = "a_tlb_lets_stores_pass_unseen_only_where_the_log_permits"
    assert f"refuted: transfer_flush against {claim}" in result.output
    assert "READING" in result.output


def test_a_variant_is_one_of_its_own_machine_where_none_is_named() -> None:
    result = _run("--variant", "zero-page-not-sent", "--only", "zero_send")
    assert result.exit_code == 1
    assert "refuted: zero_send against what_has_arrived_is_what_was_read" in result.output


def test_json_is_records_and_totals_and_nothing_else() -> None:
    result = _run("--json", "--only", "commit", "--seed", "3")
    printed = json.loads(result.stdout)
    assert set(printed) == {"records", "totals"}
    assert set(printed["totals"]) == TOTALS
    for record in printed["records"]:
        assert {name: type(value) for name, value in record.items()} == RECORD
    assert printed["totals"]["obligations"] == len(printed["records"]) == printed["totals"]["proved"]


def test_json_of_a_failure_exits_with_1() -> None:
    result = _run("--json", "--variant", "no-flush", "--only", "transfer_flush")
    assert result.exit_code == 1
    assert {r["verdict"] for r in json.loads(result.stdout)["records"]} == {"proved", "refuted"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--machine", "sead"], "seed"),
        (["--variant", "no-flash"], "no-flush"),
        (["--only", "comit"], "commit"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_unusable_arguments_exit_with_2_and_name_the_nearest(arguments: list[str], said: str) -> None:
    result = _run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_unusable_directory_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = _run("--only", "abort", "--smtlib", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "a directory to write to" in result.stderr


def test_the_cross_check_is_counted() -> None:
    pytest.importorskip("cvc5")
    result = _run("--only", "acknowledge", "--cross-check")
    assert result.exit_code == 0
    assert "does not know 0, disagrees on 0" in result.output


def _shown(spec: Library) -> str:
    console = Console(width=200, file=StringIO(), highlight=False)

    show(console, prove_all(spec), Options())
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_contradicts_is_named() -> None:
    assert "cannot hold together: nothing_is_ever_true" in _shown(Contradictory())


def test_every_failure_is_named_but_few_are_explained() -> None:
    assert _shown(LendsInSecret()).count("refuted: lend against") == 2


def test_disagreement_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs.cross_check.answer", lambda script, seconds: "sat")
    result = _run("--only", "acknowledge", "--only", "one_side_runs", "--cross-check")
    assert result.exit_code == 1
    assert "cvc5 disagrees: acknowledge/1 one_side_runs: Z3 says proved" in result.output


def test_a_terminal_sees_a_bar_and_a_pipe_does_not() -> None:
    for terminal in (True, False):
        console = Console(force_terminal=terminal, record=True, width=80)
        with console.capture() as captured, _progress(console, False) as watch:
            prove_all(Library(), watch=watch)
        assert bool(captured.get()) == terminal
