"""Every wrong variant is found by the search, and its stored schedule goes wrong exactly as it says.

Whatever machine it is of: all is read from the variants and from what ``make_schedules`` stored.
"""

from importlib.resources import files
from pathlib import Path

import pytest

from refmodel.language import Refused
from refmodel.machines import machine
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import dumps
from refmodel.schedules.written import written
from refmodel.search.find import GROWING, search
from refmodel.search.replayed import discrepancies
from refmodel.search.seed_space import seed_space, sizes_for
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import REACHED, STORED, WRONG, as_lines, made, stored, verdicts

SAID = verdicts()
QUICK = [name for name in REACHED if SAID.get(name, {}).get("states", 0) <= 300]
"""Found at once; the others are searched anew in the slow tier."""
ANEW = ["no-flush", "harvest-replaces", "resume-after-ack"]
"""Made anew in the quick tier: one that the guest notices with a step of its own, one that goes on longer than the
shortest schedule, one that the engine alone brings to light."""
WRITTEN = [name for name in REACHED if written(name) is not None]
UNREACHED = [name for name in WRONG if VARIANTS[name].unreached]


def test_there_is_one_schedule_for_each_variant_that_is_reached_and_a_line_for_each_wrong_one() -> None:
    assert sorted(path.stem for path in STORED.glob("*.json")) == sorted(REACHED)
    assert sorted(SAID) == sorted(WRONG)
    assert as_lines(SAID) == (Path(__file__).parent / "verdicts.json").read_bytes()


def test_nearly_every_variant_is_reached_and_the_others_say_why_not() -> None:
    assert len(UNREACHED) <= 3
    assert all(len(VARIANTS[name].unreached.split()) > 4 for name in UNREACHED)


@pytest.mark.parametrize("name", REACHED)
def test_the_stored_schedule_breaks_the_claim_and_is_noticed_as_it_says(name: str) -> None:
    schedule, said = stored(name), SAID[name]
    assert (schedule.variant, schedule.machine) == (name, VARIANTS[name].machine)
    assert discrepancies(schedule, list(replay(schedule))) == []
    assert schedule.broken is not None
    if schedule.noticed or name not in WRITTEN:
        assert len(schedule.actions) == (schedule.noticed.after if schedule.noticed else schedule.broken.after)
    assert said["shortest"] <= schedule.broken.after
    assert (schedule.noticed is None) is ("unnoticed" in said)
    claim = machine(schedule.machine).claims[schedule.broken.claim]
    assert schedule.noticed or claim.goal, "what the guest cannot notice breaks a goal of its contract"


@pytest.mark.parametrize("name", REACHED)
def test_the_machine_without_the_fault_breaks_nothing_on_the_same_schedule(name: str) -> None:
    schedule = stored(name)
    spec, state = machine(schedule.machine), schedule.start()
    for action in schedule.actions:
        try:
            after = spec.take(state, action)
        except Refused:
            continue
        assert all(spec.broken(claim, after, schedule.sizes) is None for claim in spec.invariants)
        assert all(spec.broken(claim, after, schedule.sizes, state) is None for claim in spec.laws)
        state = after


@pytest.mark.parametrize("name", WRITTEN)
def test_a_schedule_that_is_written_out_shows_what_the_search_does_not_come_to(name: str) -> None:
    assert stored(name) == written(name)
    assert len(stored(name).actions) > SAID[name]["shortest"]
    assert SAID[name]["oracle"] != ["accepted"]


def test_schedules_are_written_out_of_variants_alone() -> None:
    folder = files("refmodel.variants") / "written"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.json" for name in WRITTEN)


def is_found_as_early(name: str) -> None:
    """The search comes to a broken claim after so many steps; that of the stored schedule, unless it goes on longer."""
    schedule, variant = stored(name), VARIANTS[name]
    sizes = (variant.growing or GROWING)[0] if name in WRITTEN else schedule.sizes
    found = search(schedule.machine, name, sizes, schedule.rounds)
    assert found.schedule is not None
    assert found.schedule.broken is not None
    assert schedule.broken is not None
    assert found.schedule.broken.after <= schedule.broken.after
    if schedule.broken.after == SAID[name]["shortest"] and name not in WRITTEN:
        assert found.schedule.broken == schedule.broken
        assert schedule.actions[: schedule.broken.after] == found.schedule.actions


@pytest.mark.parametrize("name", QUICK)
def test_the_search_finds_the_variant_as_early_as_stored(name: str) -> None:
    is_found_as_early(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(REACHED) - set(QUICK)))
def test_the_search_finds_each_variant_as_early_as_stored(name: str) -> None:
    is_found_as_early(name)


def is_made_as_stored(name: str) -> None:
    line, schedule = made(VARIANTS[name])
    assert line == SAID[name]
    if schedule is not None:
        assert dumps(schedule) == (STORED / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", ANEW)
def test_the_generator_writes_what_is_stored(name: str) -> None:
    is_made_as_stored(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(WRONG) - set(ANEW)))
def test_the_generator_writes_all_that_is_stored(name: str) -> None:
    is_made_as_stored(name)


def test_every_variant_has_a_guest_that_runs_in_the_space_that_is_searched() -> None:
    for name, variant in VARIANTS.items():
        spec = machine(variant.machine, name)
        sizes = sizes_for(spec, (variant.growing or GROWING)[0])
        assert seed_space(spec, sizes).start.hand_over.source_runs
