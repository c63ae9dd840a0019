"""Maps and sets, concretely, held against dicts and Python sets."""

from itertools import product
from random import Random
from typing import Any

import pytest

from refmodel.language import Map, Set

SHAPES = [(1,), (4,), (2, 3), (3, 1)]


def keys(shape: tuple[int, ...]) -> list[Any]:
    return list(range(shape[0])) if len(shape) == 1 else list(product(*map(range, shape)))


def set_of(shape: tuple[int, ...], members: Any) -> Set[Any]:
    made: Set[Any] = Set(shape, 0)
    for key in members:
        made = made.add(key)
    return made


@pytest.mark.parametrize("shape", SHAPES)
def test_a_map_is_a_total_dict(shape: tuple[int, ...]) -> None:
    random = Random(1)
    held: Map[Any, int] = Map.full_of(shape, 7)
    model = dict.fromkeys(keys(shape), 7)
    assert list(held.every_key()) == keys(shape)
    for _ in range(50):
        key, value = random.choice(keys(shape)), random.randrange(3)
        before, was = held, dict(model)
        held = held.set(key, value)
        model[key] = value
        assert {key: held[key] for key in keys(shape)} == model
        assert {key: before[key] for key in keys(shape)} == was


def test_setting_what_is_there_already_makes_no_new_map() -> None:
    held: Map[Any, int] = Map.full_of((3,), 1)
    assert held.set(2, 1) is held


@pytest.mark.parametrize("shape", SHAPES)
def test_maps_are_the_same_where_the_predicate_holds(shape: tuple[int, ...]) -> None:
    random = Random(2)
    for _ in range(50):
        ours: Map[Any, int] = Map(shape, tuple(random.randrange(2) for _ in keys(shape)))
        theirs: Map[Any, int] = Map(shape, tuple(random.randrange(2) for _ in keys(shape)))
        counts = {key for key in keys(shape) if random.random() < 0.5}

        def counted(*key: int, counts: set[Any] = counts) -> bool:
            return (key if len(key) > 1 else key[0]) in counts

        assert ours.same(theirs) == all(ours[key] == theirs[key] for key in keys(shape))
        assert ours.same(theirs, counted) == all(ours[key] == theirs[key] for key in counts)
        assert ours.same(ours)
        assert ours.same(theirs, lambda *key: False)


def test_maps_and_sets_are_values() -> None:
    assert Map((2,), (0, 1)) == Map((2,), (0, 1)) != Map((2,), (1, 1))
    assert hash(Map((2,), (0, 1))) == hash(Map((2,), (0, 1)))
    assert Set((2,), 1) == Set((2,), 1) != Set((2,), 2)
    assert hash(Set((2,), 1)) == hash(Set((2,), 1))
    assert Map((2,), (0, 1)) != (0, 1)
    assert Set((2,), 1) != 1
    assert repr(Map((2,), (0, 1))) == "Map(0, 1)"
    assert repr(Set((2, 2), 0b1010)) == "Set[(0, 1), (1, 1)]"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_set_is_a_set(shape: tuple[int, ...]) -> None:
    random = Random(3)
    everything = set(keys(shape))
    for _ in range(100):
        model, other, chosen = ({key for key in everything if random.random() < 0.5} for _ in range(3))
        held = set_of(shape, model)
        key = random.choice(keys(shape))

        def is_chosen(*key: int, chosen: set[Any] = chosen) -> bool:
            return (key if len(key) > 1 else key[0]) in chosen

        def members(given: Set[Any]) -> set[Any]:
            assert all(type(given[key]) is bool for key in everything)
            assert given.members() == [key for key in given.every_key() if given[key]]
            return set(given.members())

        assert members(held) == model
        assert members(held.add(key)) == model | {key}
        assert members(held.discard(key)) == model - {key}
        assert members(held.put(key, True)) == model | {key}
        assert members(held.put(key, False)) == model - {key}
        assert members(held.where(is_chosen, True)) == model | chosen
        assert members(held.where(is_chosen, False)) == model - chosen
        assert members(held | set_of(shape, other)) == model | other
        assert members(held.filled()) == everything
        assert members(held.cleared()) == set()
        assert held.never(is_chosen) == (not model & chosen)
        assert held.is_empty == (not model)
        assert held.is_full == (model == everything)
        assert held.same(set_of(shape, other)) == (model == other)
        assert members(held) == model


def test_a_predicate_is_not_asked_about_keys_that_it_cannot_change() -> None:
    asked = []

    def no(key: int) -> bool:
        asked.append(key)
        return False

    Set((4,), 0b0101).where(no, True)
    Set((4,), 0b0101).where(no, False)
    assert asked == [1, 3, 0, 2]
