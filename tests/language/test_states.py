"""States are built from their annotations; sorts say what a key ranges over."""

from enum import IntEnum
from typing import Annotated

import attrs
import pytest
from attrs import frozen

from refmodel.language import Count, Cpu, Flag, Map, Pfn, Set, Sort, State, Value, Word, blank
from refmodel.language.sorts import domain, sort_of
from refmodel.language.state import Leaf, build, leaves

SIZES = {"pfn": 3, "cpu": 2, "word": 2, "value": 2}


class Light(IntEnum):
    OFF = 0
    ON = 1


@frozen(slots=False)
class Part(State):
    memory: Map[tuple[Pfn, Word], Value]
    dirty: Set[Pfn]


@frozen(slots=False)
class Whole(State):
    light: Light
    part: Part
    other: Part
    runs: bool
    page: Pfn
    left: Count
    tlb: Set[tuple[Cpu, Pfn]]


def test_the_leaves_are_every_field_in_order_by_its_path() -> None:
    assert [leaf.path for leaf in leaves(Whole)] == [
        "light",
        "part.memory",
        "part.dirty",
        "other.memory",
        "other.dirty",
        "runs",
        "page",
        "left",
        "tlb",
    ]


def test_a_leaf_knows_its_kind_its_keys_and_what_it_holds() -> None:
    found = {leaf.path: leaf for leaf in leaves(Whole)}
    pfn, word = Sort("pfn"), Sort("word")
    assert found["light"] == Leaf("light", Light)
    assert found["part.memory"] == Leaf("part.memory", Map, (pfn, word), Sort("value"))
    assert found["other.dirty"] == Leaf("other.dirty", Set, (pfn,))
    assert found["runs"] == Leaf("runs", bool)
    assert found["page"] == Leaf("page", int, (), pfn)
    assert found["left"] == Leaf("left", int, (), Sort("count", finite=False))


def test_a_blank_state_is_zero_empty_and_the_first_of_each() -> None:
    state = blank(Whole, SIZES)
    nothing = Part(Map((3, 2), (0,) * 6), Set((3,), 0))
    assert state == Whole(Light.OFF, nothing, nothing, False, 0, 0, Set((2, 3), 0))
    assert state.runs is False
    assert state.light is Light.OFF


def test_building_gives_every_leaf_to_the_maker() -> None:
    made = build(Part, lambda leaf: leaf.path, "m.")
    assert attrs.astuple(made) == ("m.memory", "m.dirty")


def test_but_replaces_fields_and_leaves_the_state_it_is_asked_of() -> None:
    state = blank(Whole, SIZES)
    other = state.but(runs=True, part=state.part.but(dirty=state.part.dirty.add(1)))
    assert (state.runs, state.part.dirty.members()) == (False, [])
    assert (other.runs, other.part.dirty.members()) == (True, [1])
    assert other.other is state.other
    assert type(other) is Whole
    assert {state: 1, other: 2}[other.but(runs=True)] == 2
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        state.runs = True  # type: ignore[misc]


def test_an_annotation_carries_its_sort() -> None:
    assert sort_of(Pfn) == Sort("pfn")
    assert not sort_of(Count).finite
    assert sort_of(Annotated[int, "a note", Sort("cpu")]) == Sort("cpu")


@pytest.mark.parametrize("annotation", [int, Annotated[int, "no sort"], None])
def test_an_annotation_without_a_sort_is_refused(annotation: object) -> None:
    with pytest.raises(TypeError, match="carries no sort: annotate with Pfn"):
        sort_of(annotation)


def test_a_field_without_a_sort_is_refused() -> None:
    @frozen(slots=False)
    class Careless(State):
        number: int

    with pytest.raises(TypeError, match="carries no sort"):
        list(leaves(Careless))


def test_a_flags_domain_is_bools_and_other_sorts_count_from_0() -> None:
    assert [type(value) for value in domain(sort_of(Flag), SIZES)] == [bool, bool]
    assert list(domain(sort_of(Pfn), SIZES)) == [0, 1, 2]
