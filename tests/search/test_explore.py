"""The search finds what is there, the shortest way first, and says how it ended."""

import gc
from math import comb
from typing import Any

import pytest

from refmodel.language import Action, Specification
from refmodel.search.explore import Explored, Outcome, explore
from refmodel.search.space import Space
from tests.search.toy import Clock, DarkFromTheStart, NeverAllLit, NeverRepainted, Switches, Ticks

SIZES = {"pfn": 3, "value": 2}


def searched(spec: Specification[Any], symmetry: bool = True, **options: Any) -> Explored:
    return explore(Space(spec, SIZES, spec.start(SIZES), ("pfn",) if symmetry else ()), **options)


def test_every_state_is_visited_once() -> None:
    found = searched(Switches(), symmetry=False)
    # each lamp is off, lit, or lit and painted
    assert (found.outcome, found.states, found.depth) == (Outcome.EXHAUSTED, 3**3, 6)


def test_states_up_to_names_are_visited_once() -> None:
    found = searched(Switches())
    assert (found.outcome, found.states, found.depth) == (Outcome.EXHAUSTED, comb(3 + 2, 2), 6)


def test_interchangeable_elements_are_tried_once() -> None:
    assert searched(Switches(), max_states=2).transitions == 1
    assert searched(Switches()).transitions < searched(Switches(), symmetry=False).transitions


@pytest.mark.parametrize("symmetry", [True, False])
def test_the_first_broken_invariant_ends_the_search_with_the_shortest_schedule(symmetry: bool) -> None:
    found = searched(NeverAllLit(), symmetry)
    assert found.outcome is Outcome.BROKEN
    assert found.breach is not None
    assert found.breach.claim.name == "some_lamp_is_off"
    assert [action.step for action in found.breach.actions] == ["switch_on"] * 3
    assert found.depth == 3


def test_a_broken_law_ends_the_search_even_on_a_step_to_a_state_that_is_known() -> None:
    found = searched(NeverRepainted())
    assert found.breach is not None
    assert found.breach.where == (0,)
    assert found.breach.actions == (Action("switch_on", (0,)), Action("paint", (0, 1)), Action("paint", (0, 0)))


def test_a_schedule_found_is_one_of_the_machine_itself() -> None:
    spec = NeverAllLit()
    found = searched(spec)
    assert found.breach is not None
    state = spec.start(SIZES)
    for action in found.breach.actions:
        state = spec.take(state, action)
    assert not spec.some_lamp_is_off(state)


def test_a_claim_that_the_start_breaks_needs_no_step() -> None:
    found = searched(DarkFromTheStart())
    assert found.breach is not None
    assert found.breach.actions == ()


def test_only_the_claims_that_are_asked_for_are_checked() -> None:
    assert searched(NeverAllLit(), claims=()).outcome is Outcome.EXHAUSTED


def test_the_bound_is_never_called_exhausted() -> None:
    found = searched(Switches(), max_states=5)
    assert (found.outcome, found.states) == (Outcome.BOUNDED, 5)


def test_a_goal_ends_the_search_with_the_shortest_way_to_it() -> None:
    found = searched(Switches(), goal=lambda m: m.colour[m.lit.members()[0]] == 1 if m.lit.members() else False)
    assert found.outcome is Outcome.REACHED
    assert found.way is not None
    assert [action.step for action in found.way] == ["switch_on", "paint"]


def test_an_end_is_checked_and_not_gone_on_from() -> None:
    spec = NeverAllLit()
    space = Space(spec, SIZES, spec.start(SIZES), ("pfn",), is_end=lambda m: len(m.lit.members()) == 2)
    assert explore(space).outcome is Outcome.EXHAUSTED
    space = Space(spec, SIZES, spec.start(SIZES), ("pfn",), is_end=lambda m: m.lit.is_full)
    assert explore(space).outcome is Outcome.BROKEN


def test_steps_left_out_are_not_taken() -> None:
    spec = Switches()
    space = Space(spec, SIZES, spec.start(SIZES), ("pfn",), left_out=frozenset({"paint"}))
    assert explore(space).states == 4


def test_progress_is_told_at_each_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refmodel.search.explore._OFTEN", 2)
    told: list[tuple[int, int, int]] = []
    searched(Switches(), progress=lambda *figures: told.append(figures))
    assert told[0] == (1, 0, 0)
    assert told == sorted(told)
    assert len(told) > 7


def test_forgetting_the_caches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = searched(Switches())
    monkeypatch.setattr("refmodel.search.explore._MOST_CACHED", 1)
    after = searched(Switches())
    assert (after.states, after.transitions) == (before.states, before.transitions)


@pytest.mark.parametrize("on", [True, False])
def test_garbage_collection_is_left_as_it_was(on: bool) -> None:
    was = gc.isenabled()
    try:
        gc.enable() if on else gc.disable()
        searched(Switches())
        assert gc.isenabled() is on
    finally:
        gc.enable() if was else gc.disable()


def test_a_machine_of_one_leaf_is_searched_too() -> None:
    assert explore(Space(Clock(), {}, Ticks(left=5))).states == 6
