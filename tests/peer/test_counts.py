"""The search counts what SPIN, TLC and hand-written searches count for the same protocol."""

from typing import Any

import pytest

from refmodel.language import Claim, Specification
from refmodel.search.explore import Explored, Outcome, explore
from refmodel.search.space import Space
from tests.peer.protocol import CopiesFirst, Precopy, Searched, Small


def searched(
    spec: Specification[Small], pages: int, *, symmetry: bool = True, claims: list[Claim] | None = None
) -> Explored:
    sizes = {"pfn": pages, "value": 2}
    return explore(Space(spec, sizes, spec.start(sizes), ("pfn",) if symmetry else ()), claims)


def the_property(spec: Specification[Any]) -> list[Claim]:
    return [spec.claims["when_done_the_target_equals_the_source"]]


@pytest.mark.parametrize(("pages", "states", "transitions"), [(4, 2_517, 19_552), (5, 7_774, 69_854)])
def test_the_protocol_is_exhausted_up_to_names_with_the_known_counts(pages: int, states: int, transitions: int) -> None:
    found = searched(Searched(), pages)
    assert (found.outcome, found.states, found.transitions) == (Outcome.EXHAUSTED, states, transitions)


def test_six_pages_take_a_few_seconds() -> None:
    found = searched(Searched(), 6)
    assert (found.outcome, found.states, found.transitions) == (Outcome.EXHAUSTED, 21_083, 211_056)


def test_without_symmetry_the_protocol_has_the_known_count() -> None:
    found = searched(Searched(), 4, symmetry=False)
    assert (found.outcome, found.states) == (Outcome.EXHAUSTED, 42_288)


@pytest.mark.slow
def test_without_symmetry_five_pages_have_the_known_count() -> None:
    found = searched(Searched(), 5, symmetry=False)
    assert (found.outcome, found.states) == (Outcome.EXHAUSTED, 500_704)


@pytest.mark.parametrize("symmetry", [True, False])
def test_the_bug_is_found_at_its_known_depth(symmetry: bool) -> None:
    spec = CopiesFirst()
    found = searched(spec, 4, symmetry=symmetry, claims=the_property(spec))
    assert found.breach is not None
    assert (found.depth, len(found.breach.actions)) == (10, 10)


def test_the_other_invariants_find_the_bug_before_it_harms() -> None:
    found = searched(CopiesFirst(), 4)
    assert found.breach is not None
    assert found.breach.claim.name == "a_page_that_nothing_marks_is_equal"
    assert len(found.breach.actions) == 3


def test_a_pause_at_any_time_only_adds_states() -> None:
    small, large = searched(Searched(), 3), searched(Precopy(), 3)
    assert large.outcome is Outcome.EXHAUSTED
    assert large.states > small.states
