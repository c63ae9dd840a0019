"""Symmetry is used only where it holds: for the seed machine, every variant of it, and the small protocol."""

from random import Random

import pytest

from refmodel.machines import machine
from refmodel.search.equivariance import difference, is_equivariant, random_names, random_state, renamed_state
from refmodel.search.seed_space import RENAMED, seed_space, sizes_for
from refmodel.search.space import actions_of
from refmodel.seed import BareState as Machine
from tests.peer.protocol import CopiesFirst, Precopy, Searched
from tests.search.specs import SOME, spec_of
from tests.search.toy import (
    ClaimsOfTheFirst,
    ClaimsOfTheFirstStep,
    FavoursTheFirst,
    PaintsTheFirst,
    Switches,
)
from tests.search.walks import reached

SIZES = {"pfn": 3, "vpn": 2, "cpu": 2, "word": 1, "value": 2}
TOY = {"pfn": 3, "value": 2}


@pytest.mark.parametrize("name", SOME)
def test_the_machine_and_every_variant_of_it_go_by_role_and_not_by_name(name: str) -> None:
    spec = spec_of(name)
    random, sizes = Random(name), sizes_for(spec, SIZES)
    space = seed_space(spec, sizes)
    walked = list(reached(space, random, 60))
    states = [*random.sample(walked, min(4, len(walked))), *(random_state(spec.state, sizes, random) for _ in range(3))]
    assert is_equivariant(spec, sizes, space.renamed, states, random)


@pytest.mark.parametrize("spec", [Searched(), Precopy(), CopiesFirst(), Switches()])
def test_the_small_machines_go_by_role_too(spec: Switches) -> None:
    random = Random(3)
    states = [random_state(spec.state, TOY, random) for _ in range(40)]
    assert is_equivariant(spec, TOY, ["pfn"], states, random)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (FavoursTheFirst(), "enabled under one set of names only"),
        (PaintsTheFirst(), "leads elsewhere"),
        (ClaimsOfTheFirst(), "not the same claims hold in"),
        (ClaimsOfTheFirstStep(), "not the same claims hold after"),
    ],
)
def test_a_machine_that_goes_by_name_is_seen(spec: Switches, says: str) -> None:
    random = Random(4)
    states = [random_state(spec.state, TOY, random) for _ in range(200)]
    assert not is_equivariant(spec, TOY, ["pfn"], states, random)
    actions = actions_of(spec, TOY)
    found = {difference(spec, TOY, random_names(["pfn"], TOY, random), state, actions) for state in states}
    assert any(says in each for each in found if each)


def test_the_machine_goes_by_role_for_values_too() -> None:
    spec, random = machine("bare"), Random(5)
    states = [random_state(Machine, SIZES, random) for _ in range(3)]
    assert is_equivariant(spec, SIZES, ["value"], states, random)


def test_renaming_back_gives_the_state_back() -> None:
    random = Random(6)
    state = random_state(Machine, SIZES, random)
    names = random_names(RENAMED, SIZES, random)
    back = {sort: [list(new).index(i) for i in range(len(new))] for sort, new in names.items()}
    assert renamed_state(renamed_state(state, names), back) == state
