"""The four contracts' exports imply R12 for every named machine; three of them do not, and a state shows it."""

import pytest

from proofs.counterexample import explain
from proofs.prove import prove_all
from proofs.solve import Options, Verdict
from proofs.theorem import ENOUGH, NEEDED, Theorem, Weakened
from refmodel.language import Contract
from refmodel.machines import MACHINES, machine
from refmodel.theorem import CONTRACTS, exports, goal


@pytest.mark.parametrize("name", MACHINES)
def test_the_exports_are_enough_and_each_contracts_are_needed(name: str) -> None:
    spec = machine(name)
    report = prove_all(spec, chapters=[Theorem(spec)])
    assert report.is_proved
    assert [record.claim for record in report.records] == [ENOUGH, *[NEEDED] * len(CONTRACTS)]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_without_one_contract_a_state_shows_the_two_sides_apart(contract: Contract) -> None:
    spec = machine("seed")
    chapter = Weakened(spec, contract)
    [(_, record)] = prove_all(spec, chapters=[chapter]).not_proved
    assert record.verdict is Verdict.REFUTED
    [obligation] = chapter.obligations(*chapter.parts())
    found = explain(obligation, Options())
    assert found is not None
    shown = {cell.where.partition("[")[0]: cell.before for cell in found.cells}
    assert shown["phase"] in ("COMMITTED", "ACKNOWLEDGED")
    if contract is Contract.ROUNDS:
        marks = {"log.dirty", "rounds.to_send", "ghost.noted"}
        assert {shown[where] for where in marks - {"ghost.noted"}} == {"no"}
        assert shown["ghost.noted"] == "yes"


def test_every_contract_exports_something_and_equality_belongs_to_none_of_them() -> None:
    spec = machine("seed")
    assert all(exports(spec).values())
    assert goal(spec).contract is Contract.PROMISE
    assert not goal(spec).export
    assert {claim.contract for claim in spec.claims.values() if "I-EQ" in claim.tags} == {Contract.PROMISE}
