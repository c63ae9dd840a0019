"""Every wrong variant is found, and its stored schedule goes wrong exactly as it says."""

from pathlib import Path

import pytest

from refmodel.language import Refused
from refmodel.machines import machine
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Schedule, dumps, load
from refmodel.search.find import find, search
from refmodel.search.replayed import discrepancies
from refmodel.search.seed_space import seed_space
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import STORED, WRONG, make

UNNOTICED = {
    # The guest runs at the target as if nothing had happened: it would be lost only with the target, and nothing at
    # this level is ever lost. What is broken is the hand-over's own claim.
    "discard-at-commit",
}
GOES_ON_LONGER = {
    # From the shortest schedule's broken claim on the guest notices nothing: it stood still before it had stored
    # anything, or would need a second page. Stored is the shortest schedule that it notices at all.
    "remap-keeps-rights",
    "cpu-keeps-root",
    "harvest-replaces",
    "no-final-harvest",
    "activate-early",
}


def stored(name: str) -> Schedule:
    return load(STORED / f"{name}.json")


def test_there_is_one_schedule_for_each_wrong_variant_and_no_other() -> None:
    assert sorted(path.stem for path in STORED.glob("*.json")) == sorted(WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_the_stored_schedule_breaks_the_claim_and_is_noticed_as_it_says(name: str) -> None:
    schedule = stored(name)
    assert schedule.variant == name
    assert discrepancies(schedule, list(replay(schedule))) == []
    assert schedule.broken is not None
    assert (schedule.noticed is None) is (name in UNNOTICED)
    assert len(schedule.actions) == (schedule.noticed.after if schedule.noticed else schedule.broken.after)


@pytest.mark.parametrize("name", WRONG)
def test_the_machine_without_the_fault_breaks_nothing_on_the_same_schedule(name: str) -> None:
    schedule = stored(name)
    spec, state = machine("seed"), schedule.start()
    for action in schedule.actions:
        try:
            state = spec.take(state, action)
        except Refused:
            continue
        assert all(spec.broken(claim, state, schedule.sizes) is None for claim in spec.invariants)


@pytest.mark.parametrize("name", WRONG)
def test_the_search_finds_the_variant_as_early_as_stored(name: str) -> None:
    schedule = stored(name)
    found = search("seed", name, schedule.sizes, schedule.rounds)
    assert found.schedule is not None
    assert found.schedule.broken is not None
    assert schedule.broken is not None
    if name in GOES_ON_LONGER:
        assert found.schedule.broken.after <= schedule.broken.after
    else:
        assert found.schedule.broken.after == schedule.broken.after
        assert found.schedule.broken.claim == schedule.broken.claim
        assert schedule.actions[: schedule.broken.after] == found.schedule.actions


@pytest.mark.parametrize("name", ["no-flush", "harvest-replaces", "resume-after-ack"])
def test_the_generator_writes_what_is_stored(name: str, tmp_path: Path) -> None:
    assert make(name, tmp_path).read_bytes() == (STORED / f"{name}.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(WRONG) - {"no-flush", "harvest-replaces", "resume-after-ack"}))
def test_the_generator_writes_all_that_is_stored(name: str, tmp_path: Path) -> None:
    assert make(name, tmp_path).read_bytes() == (STORED / f"{name}.json").read_bytes()


def test_what_goes_on_longer_says_so() -> None:
    for name in ("no-final-harvest", "harvest-replaces"):
        found = find("seed", name)
        assert found.schedule is not None
        assert found.shortest is not None
        assert found.shortest < len(found.schedule.actions)
        assert found.how is not None
        assert "shortest that it notices" in found.how
        assert dumps(found.schedule) == (STORED / f"{name}.json").read_bytes()


def test_every_variant_begins_a_migration_in_the_space_that_is_searched() -> None:
    for name in VARIANTS:
        assert seed_space(machine("seed", name)).start.hand_over.source_runs
