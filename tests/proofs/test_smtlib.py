"""Obligations as SMT-LIB: plain, whole, readable by Z3 and cvc5 alike, and both agree."""

import re
import sys
from pathlib import Path

import pytest
import z3

from proofs.cross_check import Opinion, answer, opinion
from proofs.obligations import Induction
from proofs.prove import prove_all
from proofs.smtlib import file_name, text, usable_directory, write
from proofs.solve import Verdict
from proofs.vacuity import Witnesses
from refmodel.language import Contract, Pfn, implies, invariant
from refmodel.seed import Seed
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS
from tests.proofs.peer import LendsInSecret, Library, Shelf


def test_a_script_is_plain_and_every_own_name_has_a_prefix() -> None:
    for obligation in Induction(Seed()).obligations("guest_map"):
        script = text(obligation)
        assert not re.search(r"\b(Array|lambda|select|store) ", script)
        assert all("." in name for name in re.findall(r"declare-fun (\S+)", script))


def test_z3_reads_its_own_text_back() -> None:
    solver = z3.Solver()
    solver.from_string(text(next(iter(Induction(Seed()).obligations("transfer_flush")))))
    assert solver.check() == z3.unsat
    solver = z3.Solver()
    solver.from_string(text(next(iter(Witnesses(Library()).obligations("lend")))))
    assert solver.check() == z3.sat


def test_every_obligation_is_written(tmp_path: Path) -> None:
    report = prove_all(Library(), smtlib=tmp_path / "new")
    written = sorted(str(path.relative_to(tmp_path / "new")) for path in tmp_path.rglob("*.*") if path.is_file())
    assert len(written) == len(report.records)
    assert "library-rounds/lend.1.what_is_lent_is_known.smt2" in written


def test_an_unusable_directory_is_refused(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(Unusable, match="a directory to write to"):
        usable_directory(in_the_way)
    obligation = next(iter(Induction(Library()).obligations("lend")))
    with pytest.raises(Unusable, match="a file that can be written"):
        write(obligation, "", in_the_way)
    assert file_name(obligation) == "library-rounds/lend.1.what_is_lent_is_known.smt2"


class Librairie(Library):
    @invariant(Contract.ROUNDS)
    def ce_qui_est_prêté_est_connu(self, m: Shelf, page: Pfn) -> bool:
        return implies(m.lent[page], m.known[page])


def test_names_in_letters_that_smtlib_has_not_are_refused(tmp_path: Path) -> None:
    assert not prove_all(Librairie()).not_proved
    with pytest.raises(Unusable, match="names of ASCII letters"):
        prove_all(Librairie(), smtlib=tmp_path)


def test_a_second_solver_agrees_on_the_peer_and_on_one_step_of_the_machine() -> None:
    pytest.importorskip("cvc5")
    for report in (
        prove_all(Library(), cross_check=True),
        prove_all(Seed(), only=["transfer_flush"], cross_check=True),
    ):
        assert report.opinions == {Opinion.AGREES: len(report.records)}
        assert report.is_proved


def test_a_second_solver_agrees_on_what_is_refuted() -> None:
    pytest.importorskip("cvc5")
    for spec in (LendsInSecret(), VARIANTS["no-flush"].spec()):
        report = prove_all(
            spec, only=["lend" if isinstance(spec, LendsInSecret) else "transfer_flush"], cross_check=True
        )
        assert report.not_proved
        assert report.opinions[Opinion.DISAGREES] == report.opinions[Opinion.UNDECIDED] == 0


def test_disagreement_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs.cross_check.answer", lambda script, seconds: "sat")
    report = prove_all(Library(), only=["what_is_lent_is_known"], cross_check=True)
    assert report.disagreements
    assert not report.not_proved
    assert not report.is_proved
    assert report.as_json()["totals"]["cross_check"]["disagreements"] == [r.name for r in report.disagreements]


def test_what_either_solver_does_not_know_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs.cross_check.answer", lambda script, seconds: "sat")
    assert opinion("", Verdict.UNKNOWN, False) is Opinion.UNDECIDED
    monkeypatch.setattr("proofs.cross_check.answer", lambda script, seconds: "unknown")
    assert opinion("", Verdict.PROVED, False) is Opinion.UNDECIDED


def test_an_answer_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs.cross_check.answer", lambda script, seconds: "(error)")
    with pytest.raises(ValueError, match="cannot read"):
        opinion("", Verdict.PROVED, False)


def test_cvc5_answers_a_script() -> None:
    pytest.importorskip("cvc5")
    assert answer("(set-logic ALL)(declare-fun a.b () Bool)(assert a.b)(check-sat)", 1) == "sat"


def test_without_cvc5_the_cross_check_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvc5", None)
    with pytest.raises(Unusable, match="cross-check"):
        prove_all(Library(), cross_check=True)


@pytest.mark.slow
def test_a_second_solver_agrees_on_everything() -> None:
    pytest.importorskip("cvc5")
    report = prove_all(Seed(), cross_check=True)
    assert report.opinions == {Opinion.AGREES: len(report.records)}
