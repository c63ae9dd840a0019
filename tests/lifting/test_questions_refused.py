"""What would be read otherwise of terms than of values is refused: each of these was proved, though it can go wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from proofs.prove import prove_all
from refmodel.language import neg, pick
from tests.lifting.asking import asking
from tests.lifting.everything import Colour


def truth_of_a_number(self: Any, m: Any) -> Any:
    return m if m.left else m.but(bad=True)


def equality_of_sets(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.ours == m.theirs else m


def equality_of_maps(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.held == m.kept else m


def equality_of_states(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.but(ours=m.ours.cleared()) == m else m


def being_among(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.ours in (m.theirs,) else m


def going_through(self: Any, m: Any) -> Any:
    return m.but(bad=True) if list(m.ours) else m


def identity(self: Any, m: Any) -> Any:
    return m.but(bad=True) if m.colour is Colour.RED else m


def identity_in_a_predicate(self: Any, m: Any) -> Any:
    return m.but(bad=neg(m.ours.never(lambda p: m.colour is Colour.RED)))


def class_of_a_value(self: Any, m: Any) -> Any:
    return m.but(bad=True) if isinstance(m.left, int) else m


def matched_class(self: Any, m: Any) -> Any:
    match m.left:
        case int():
            return m.but(bad=True)
        case _:
            return m


def union_over_other_sorts(self: Any, m: Any) -> Any:
    return m.but(bad=(m.ours.cleared() | m.cpus).is_full)


def sameness_over_other_sorts(self: Any, m: Any) -> Any:
    return m.but(bad=m.ours.same(m.cpus))


def a_field_of_another_sort(self: Any, m: Any) -> Any:
    return m.but(ours=m.cpus)


def choosing_between_sets(self: Any, m: Any) -> Any:
    return m.but(ours=pick(m.lit, m.ours, m.theirs))


def a_number_for_an_enumeration(self: Any, m: Any) -> Any:
    return m.but(colour=7)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (truth_of_a_number, "is no question of Python's"),
        (equality_of_sets, "is asked with ``same``"),
        (equality_of_maps, "is asked with ``same``"),
        (equality_of_states, "is asked with ``same``"),
        (being_among, "is asked with ``same``"),
        (going_through, "not iterable"),
        (identity, "asks what a value is"),
        (identity_in_a_predicate, "asks what a value is"),
        (class_of_a_value, "asks what a value is"),
        (matched_class, "asks what a value is"),
        (union_over_other_sorts, "over .'pfn'., and over .'cpu'."),
        (sameness_over_other_sorts, "over .'pfn'., and over .'cpu'."),
        (a_field_of_another_sort, "Paint.ours is given what is of another sort"),
        (choosing_between_sets, "between sets, maps and states decide with if"),
        (a_number_for_an_enumeration, "Paint.colour is given what is of another sort"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_question_that_terms_answer_otherwise_is_refused(step: Callable[[Any, Any], Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        prove_all(asking(step))


def all_pages_and_all_cpus(self: Any, m: Any) -> Any:
    return m.but(bad=neg(m.ours.filled().size == m.cpus.filled().size))


def test_there_need_not_be_as_many_pages_as_cpus() -> None:
    [(_, record)] = prove_all(asking(all_pages_and_all_cpus)).not_proved
    assert (record.step, record.claim, record.verdict.value) == ("ask", "never_bad", "refuted")
