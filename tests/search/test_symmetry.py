"""Renaming pages and CPUs: the canonical form is exact, and what is called interchangeable is."""

from itertools import permutations, product
from random import Random

import pytest

from refmodel.language import Map, Set, State
from refmodel.search.equivariance import random_names, random_state, renamed_state
from refmodel.search.layout import Layout
from refmodel.search.seed_space import RENAMED
from refmodel.search.symmetry import Symmetry
from refmodel.seed import BareState as Machine
from refmodel.state import Table, Transfer
from tests.search.toy import Lamps

SIZES = {"pfn": 3, "vpn": 2, "cpu": 2, "word": 2, "value": 2}


def symmetry_of(cls: type[State], sizes: dict[str, int] = SIZES) -> Symmetry:
    return Symmetry(Layout(cls, sizes, RENAMED))


def orbit(symmetry: Symmetry, key: bytes) -> set[bytes]:
    """Every key that a renaming makes of this one."""
    every = [permutations(range(symmetry.layout.sizes[sort])) for sort in symmetry.sorts]
    return {symmetry.rename(key, names) for names in product(*every)}


@pytest.mark.parametrize("cls", [Machine, Table, Transfer, Lamps])
def test_states_have_one_canonical_form_exactly_if_renaming_makes_one_of_the_other(cls: type[State]) -> None:
    symmetry, random = symmetry_of(cls), Random(1)
    forms: dict[bytes, bytes] = {}
    for _ in range(60):
        state = random_state(cls, SIZES, random)
        names = random_names(symmetry.sorts, SIZES, random)
        found = []
        for same in (state, renamed_state(state, names)):
            key = symmetry.layout.encode(symmetry.layout.fetch(same))
            found.append(symmetry.canonical(key, symmetry.ranks(key)))
            least = min(orbit(symmetry, key))
            assert found[-1] in orbit(symmetry, key)
            assert forms.setdefault(least, found[-1]) == found[-1]
        assert found[0] == found[1]
    assert len(set(forms.values())) == len(forms)


@pytest.mark.parametrize("cls", [Machine, Table, Transfer, Lamps])
def test_elements_are_interchangeable_exactly_if_exchanging_them_changes_nothing(cls: type[State]) -> None:
    symmetry, random = symmetry_of(cls), Random(2)
    for _ in range(100):
        key = symmetry.layout.encode(symmetry.layout.fetch(random_state(cls, SIZES, random)))
        classes = symmetry.classes(key, symmetry.ranks(key))
        for n, sort in enumerate(symmetry.sorts):
            for i, j in product(range(SIZES[sort]), repeat=2):
                names = [list(range(SIZES[each])) for each in symmetry.sorts]
                names[n][i], names[n][j] = j, i
                fixed = symmetry.rename(key, tuple(tuple(each) for each in names)) == key
                assert (classes[n][i] == classes[n][j]) is fixed


def test_a_frame_inside_an_entry_is_renamed_with_its_page() -> None:
    symmetry = symmetry_of(Table, {"pfn": 2, "vpn": 1})
    entries = [Table(Set((1,), 1), Map((1,), (pfn,)), Set((1,), 1)) for pfn in (0, 1)]
    keys = [symmetry.layout.encode(symmetry.layout.fetch(entry)) for entry in entries]
    assert keys[0] != keys[1]
    assert symmetry.canonical(keys[0], symmetry.ranks(keys[0])) == symmetry.canonical(keys[1], symmetry.ranks(keys[1]))


def test_an_element_that_is_the_only_one_is_not_renamed() -> None:
    assert symmetry_of(Machine, {**SIZES, "cpu": 1, "word": 1}).sorts == ["pfn", "vpn"]


def test_sorts_that_leaves_hold_are_ranked_first() -> None:
    symmetry = Symmetry(Layout(Machine, SIZES, ("cpu", "vpn", "pfn")))
    assert symmetry.sorts == ["pfn", "cpu", "vpn"]
