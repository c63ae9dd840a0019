"""What the proof and the oracle say of every variant: as stored, and of the contracts that its class breaks."""

import pytest

from proofs.obligations import Induction
from proofs.prove import prove_all
from proofs.solve import Options, Verdict, decide
from refmodel.catalogue.classes import CLASSES
from refmodel.language import Contract
from refmodel.machines import machine
from refmodel.oracle.observed import finding_on, judged, observed, without_contents
from refmodel.oracle.rules import RULES
from refmodel.schedules.schedule import Schedule
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, find_variant
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import REACHED, WRONG, said_by, stored, verdicts

SAID = verdicts()
SOUND = [variant.name for variant in VARIANTS.values() if variant.sound]
ONE_A_CLASS = list({VARIANTS[name].catalogue: name for name in WRONG}.values())
"""Refuted in the quick tier, by the stored obligation; `refmodel check` has all of them refuted, each from scratch."""
NOT_OF_THE_CLASS: dict[str, str] = {}
"""Wrong variants that break no claim of their class's contracts, each with the reason."""


def refuted(name: str) -> None:
    """The stored obligation fails."""
    step, path, claim = SAID[name]["obligation"]
    spec = VARIANTS[name].spec()
    same = (o for o in Induction(spec).obligations(step) if (o.path, o.claim) == (path, claim))
    [(_, record)] = decide(same, Options())
    assert record.verdict is Verdict.REFUTED


@pytest.mark.parametrize("name", ONE_A_CLASS)
def test_the_proof_refutes_one_of_each_class(name: str) -> None:
    refuted(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(WRONG) - set(ONE_A_CLASS)))
def test_the_proof_refutes_every_other(name: str) -> None:
    refuted(name)


@pytest.mark.parametrize("name", [name for name in WRONG if VARIANTS[name].machine == "bare"])
def test_what_breaks_a_claim_of_the_bare_machine_breaks_it_of_the_seed(name: str) -> None:
    step, _, claim = SAID[name]["obligation"]
    decided = decide(Induction(VARIANTS[name].on("seed")()).obligations(step), Options())
    assert claim in {record.claim for _, record in decided if record.verdict is Verdict.REFUTED}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SOUND if VARIANTS[name].machine == "bare"])
def test_what_is_sound_in_the_bare_machine_is_so_in_the_seed(name: str) -> None:
    assert prove_all(VARIANTS[name].on("seed")()).is_proved


@pytest.mark.parametrize("name", WRONG)
def test_the_obligation_that_fails_is_of_a_contract_of_its_class(name: str) -> None:
    _, _, claim = SAID[name]["obligation"]
    variant = VARIANTS[name]
    contract = variant.spec().claims[claim].contract
    is_of_the_class = contract.value in CLASSES[variant.catalogue].contracts
    assert is_of_the_class is (name not in NOT_OF_THE_CLASS)


@pytest.mark.parametrize("name", REACHED)
def test_the_oracle_finds_what_is_stored(name: str) -> None:
    verdict = finding_on(stored(name))
    assert said_by(verdict) == SAID[name]["oracle"]
    if stored(name).noticed:
        assert verdict.findings, "what the guest notices the oracle finds"
        contracts = {contract for finding in verdict.findings for contract in finding.contracts}
        assert contracts & set(CLASSES[VARIANTS[name].catalogue].contracts)
        assert verdict.findings[0].rule in RULES


@pytest.mark.parametrize("name", REACHED)
def test_the_order_of_stores_and_sends_shows_a_lost_store_without_any_contents(name: str) -> None:
    schedule = stored(name)
    if "transport" in CLASSES[VARIANTS[name].catalogue].contracts:
        return  # what arrives is not what was sent, and no order shows it
    bare = judged(without_contents(events) for events in observed(schedule))
    if SAID[name]["oracle"][0] == "the-last-store-arrives":
        assert "a-stored-page-is-sent-again" in said_by(bare)


@pytest.mark.parametrize("name", REACHED)
def test_nothing_is_found_of_the_right_machine_as_far_as_it_takes_the_same_schedule(name: str) -> None:
    schedule = stored(name)
    spec, state, taken = machine(schedule.machine), schedule.start(), []
    for action in schedule.actions:
        try:
            state = spec.take(state, action)
        except Exception:
            continue
        taken.append(action)
    right = Schedule(schedule.machine, None, schedule.sizes, schedule.rounds, tuple(taken))
    assert not finding_on(right).findings


def is_accepted_by_the_search(name: str, machines: int) -> None:
    variant = VARIANTS[name]
    found = find_variant(variant, (variant.growing or GROWING)[:machines])
    assert (found.schedule, found.explored.outcome) == (None, Outcome.EXHAUSTED)


def test_a_control_is_accepted_by_the_search() -> None:
    """One here; `refmodel check` asks for each, and for its proof."""
    is_accepted_by_the_search(SOUND[0], 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUND)
def test_a_control_is_accepted_by_the_search_of_larger_machines(name: str) -> None:
    is_accepted_by_the_search(name, 2)


def test_there_are_enough_controls_and_variants() -> None:
    assert len(SOUND) >= 12
    assert len(WRONG) >= 70
    assert {VARIANTS[name].catalogue for name in WRONG} == set(CLASSES) - {"M33"}, "M33 is of checkers"
    assert Contract.PROMISE.value not in {c for known in CLASSES.values() for c in known.contracts}
