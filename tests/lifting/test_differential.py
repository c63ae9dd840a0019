"""The lifting is held against the functions it lifts: what is proved about terms is about the code that runs."""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from proofs.lifting.differential import Lifted, lifted_function
from refmodel.compose import CHOICES
from refmodel.language import Specification
from refmodel.machines import ONE_BY_ONE, machine
from refmodel.promise import Ledger, Promise
from refmodel.refinement import abstraction
from refmodel.seed import Bare
from refmodel.seed import BareState as Machine
from tests.lifting.everything import Everything
from tests.lifting.random_pairs import RandomPairs

_EACH_PATH = 50
"""How often each path is to be taken at least."""


@cache
def the_lifted(machine: type[Specification[Any]]) -> Lifted[Any]:
    return Lifted(machine())


def all_agree(machine: type[Specification[Any]], seed: int, count: int) -> None:
    """So many pairs agree, and as many more (up to twice) as it takes for every path to be taken often enough."""
    lifted = the_lifted(machine)
    enabled = 0
    taken: Counter[str] = Counter(dict.fromkeys(lifted.paths, 0))
    for number, pair in enumerate(RandomPairs(machine(), seed).pairs(3 * count), 1):
        found, path = lifted.of_action(pair.sizes, pair.state, pair.action)
        found += lifted.of_state(pair.sizes, pair.state)
        assert not found, (found, pair)
        assert pair.enabled == bool(path)
        enabled += pair.enabled
        taken.update([path] if path else [])
        if number >= count and min(taken.values()) >= _EACH_PATH:
            break
    assert not {path: n for path, n in taken.items() if n < _EACH_PATH}
    assert number / 2 <= enabled <= number * 0.98


def test_the_seed_agrees_with_its_lifting_in_ten_thousand_pairs() -> None:
    all_agree(Bare, 1, 10_000)


@pytest.mark.slow
def test_the_seed_agrees_with_its_lifting_in_a_hundred_thousand_pairs() -> None:
    all_agree(Bare, 2, 100_000)


@pytest.mark.parametrize("machine", [Promise, Everything])
def test_other_machines_agree_with_their_lifting(machine: type[Specification[Any]]) -> None:
    all_agree(machine, 3, 2_000)


def test_the_refinements_abstraction_agrees_with_its_lifting() -> None:
    spec = Bare()
    lifted = lifted_function(lambda m: abstraction(spec, m), Machine, Ledger)
    ways: Counter[str] = Counter()
    for pair in RandomPairs(spec, 4).pairs(1_500):
        found, way = lifted.compare(pair.sizes, pair.state, (), abstraction(spec, pair.state))
        assert not found, pair
        ways[way] += 1
    assert set(ways) == set(lifted.names)


def _composed() -> list[str]:
    """Every named machine, and the seed with each part that may be added to it."""
    return [*CHOICES, *ONE_BY_ONE]


def composed_agrees(name: str, count: int, walks: int, most: int = 0) -> set[str]:
    """So many pairs agree, near states that so many walks came to, and up to ``most`` until every path is taken; the
    paths that none took."""
    spec = machine(name)
    lifted = Lifted(spec)
    taken = set()
    for number, pair in enumerate(RandomPairs(spec, 6, most_walks=walks).pairs(max(count, most)), 1):
        found, path = lifted.of_action(pair.sizes, pair.state, pair.action)
        found += lifted.of_state(pair.sizes, pair.state)
        assert not found, (found, pair)
        assert pair.enabled == bool(path)
        taken.add(path)
        if number >= count and taken.issuperset(lifted.paths):
            break
    return set(lifted.paths) - taken


@pytest.mark.parametrize("name", _composed())
def test_every_machine_and_part_agrees_with_its_lifting(name: str) -> None:
    composed_agrees(name, 300, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", _composed())
def test_every_machine_and_part_agrees_with_its_lifting_on_every_path(name: str) -> None:
    assert not composed_agrees(name, 20_000, 100, 60_000)


def test_chance_is_seeded() -> None:
    first, second = (list(RandomPairs(Promise(), 5).pairs(50)) for _ in range(2))
    assert first == second
