"""Everything is proved, nothing is forgotten, quickly, whatever the solver's seed and the number of processes."""

import pytest

from proofs.chapters import chapters_of
from proofs.lifting.lift import any_state, paths_of
from proofs.obligations import INITIAL
from proofs.prove import prove_all
from proofs.report import Report
from proofs.solve import Options, Record, Verdict
from refmodel.promise import Promise
from refmodel.seed import Seed
from refmodel.unusable import Unusable
from tests.proofs.peer import LendsInSecret, Library


@pytest.fixture(scope="module")
def report() -> Report:
    return prove_all(Seed())


def test_the_machine_is_proved(report: Report) -> None:
    assert report.is_proved
    assert report.not_proved == []
    assert set(report.verdicts) == {Verdict.PROVED}


def test_the_proof_is_fast(report: Report) -> None:
    assert report.seconds < 5
    assert report.slowest.seconds < 1


def test_every_step_path_and_claim_is_there(report: Report) -> None:
    spec = Seed()
    found = {(r.step, r.path, r.claim) for r in report.records}
    for step in spec.steps.values():
        for path in paths_of(spec, step, any_state(spec.state)):
            assert {(step.name, path.number, claim) for claim in spec.claims} <= found
    assert {(INITIAL, 1, claim.name) for claim in spec.invariants} <= found


def test_every_step_is_refined_ranked_and_can_be_taken(report: Report) -> None:
    by_group = {group: {r.step for r in records} for group, records in report.groups.items()}
    steps = set(Seed().steps)
    assert steps | {INITIAL} == by_group["Seed: not vacuous"] == by_group["Seed refines Promise"]
    assert steps == by_group["Seed: rounds end"]
    assert set(Promise().steps) == by_group["Promise: alike"]


def test_every_claim_that_a_chapter_names_is_decided_somewhere(report: Report) -> None:
    decided = {r.claim for r in report.records}
    assert {claim for chapter in chapters_of(Seed()) for claim in chapter.claims()} == decided


def test_a_small_peer_is_proved_by_the_same_functions() -> None:
    report = prove_all(Library())
    assert report.is_proved
    assert set(report.groups) == {"Library: rounds", "Library: not vacuous"}


def test_a_wrong_peer_is_refuted_by_step_and_claim() -> None:
    failures = {(r.step, r.claim) for _, r in prove_all(LendsInSecret()).not_proved}
    assert failures == {("lend", "what_is_lent_is_known"), ("lend", "a_closed_library_lends_nothing")}


def _verdicts(records: list[Record]) -> list[tuple[str, Verdict]]:
    return [(r.name, r.verdict) for r in records]


def test_another_seed_gives_the_same_verdicts(report: Report) -> None:
    assert _verdicts(prove_all(Seed(), options=Options(seed=7)).records) == _verdicts(report.records)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_ten_seeds_give_the_same_verdicts(report: Report, seed: int) -> None:
    assert _verdicts(prove_all(Seed(), options=Options(seed=seed)).records) == _verdicts(report.records)


def test_processes_give_the_same_records_in_the_same_order() -> None:
    assert prove_all(Library(), jobs=2).records == prove_all(Library()).records


def test_a_solver_without_time_knows_nothing_and_proves_nothing() -> None:
    report = prove_all(Library(), only=["lend"], options=Options(timeout=0.0000001))
    assert not prove_all(LendsInSecret(), only=["lend"]).is_proved
    assert {r.verdict for r in report.records} <= {Verdict.PROVED, Verdict.UNKNOWN}


def test_a_step_and_a_claim_are_selected_together() -> None:
    records = prove_all(Seed(), only=["abort", "one side runs"]).records
    assert [(r.step, r.claim) for r in records] == [("abort", "one_side_runs")]


def test_a_name_that_nothing_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(Unusable, match="nearest: transfer_flush"):
        prove_all(Seed(), only=["transfer_flsh"])
    with pytest.raises(Unusable, match="the name of a step or of a claim"):
        prove_all(Seed(), only=["%%%"])


def test_a_step_and_a_claim_that_never_meet_are_refused() -> None:
    with pytest.raises(Unusable, match="no obligation"):
        prove_all(Seed(), only=["settle", "one_side_runs"])
