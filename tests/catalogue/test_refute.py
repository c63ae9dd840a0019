"""The obligation that fails, and how the commands come by it."""

from typing import Any

import pytest

from proofs import refute as module
from proofs.obligations import Induction
from proofs.progress import Progress
from proofs.refining import Congruence
from proofs.refute import refute
from refmodel.catalogue import verdicts
from refmodel.seed import Bare
from refmodel.variants import VARIANTS


def test_a_wrong_variant_is_refuted_where_its_patch_is() -> None:
    found = refute(VARIANTS["mark-dropped"].spec())
    assert found is not None
    assert (found.step, found.verdict) == ("write_fault", "refuted")
    assert found.claim == "a_page_that_can_be_written_unseen_is_noted"
    assert found.contract == "logging"
    assert "ghost.noted" in found.broken
    assert any(argument.startswith("cpu=") for argument in found.arguments)
    assert any(where.startswith("protection.transferred") for where, _, _ in found.cells)


def test_a_refutation_without_a_small_state_is_told_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "explain", lambda obligation, options: None)
    found = refute(VARIANTS["fill-writable"].spec())
    assert found is not None
    assert (found.step, found.broken, found.cells) == ("shadow_fill", "", ())


class Few(Induction):
    def parts(self) -> list[str]:
        return ["commit", "activate"]


def test_an_obligation_of_a_suspected_contract_comes_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "chapters_of", lambda spec: (Few(spec),))
    spec = VARIANTS["activate-early"].spec()
    assert [each.contract for each in (refute(spec), refute(spec, ["hand-over"])) if each] == ["rounds", "hand-over"]
    other = refute(spec, ["transport"], "commit")
    assert other is not None
    assert (other.step, other.contract) == ("activate", "rounds")


def test_a_machine_of_which_all_is_proved_is_not_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "chapters_of", lambda spec: (Congruence(), Progress(spec)))
    assert refute(Bare()) is None


class Point:
    def load(self) -> Any:
        return refute


@pytest.mark.parametrize(("points", "found"), [([Point()], refute), ([], None)])
def test_the_prover_is_found_by_entry_point(points: list[Point], found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "entry_points", lambda group: points if group == "refmodel.refute" else [])
    assert verdicts.prover() is found
