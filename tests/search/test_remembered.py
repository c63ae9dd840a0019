"""Claims about steps that are remembered say what claims that are asked say."""

from random import Random

import pytest

from refmodel.language import Claim, Map, Set, Specification
from refmodel.machines import machine
from refmodel.search.equivariance import random_state
from refmodel.search.layout import Layout
from refmodel.search.remembered import Remembered
from refmodel.search.space import Checks, Space
from refmodel.seed import BareState as Machine
from tests.search.toy import Lamps, NeverRepainted

SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}


def remembered(spec: Specification[Lamps], sizes: dict[str, int]) -> tuple[Space, Remembered]:
    space = Space(spec, sizes, spec.start(sizes))
    return space, Remembered(space.layout, Checks(space, spec.laws).everywhere)


@pytest.mark.parametrize("kept", [7, 200_000])
def test_what_is_remembered_is_what_is_asked(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refmodel.search.remembered._MOST_KEPT", kept)
    spec, random = machine("bare"), Random(1)
    space = Space(spec, SIZES, spec.start(SIZES))
    laws = Remembered(space.layout, Checks(space, spec.laws).everywhere)
    states = [random_state(Machine, SIZES, random) for _ in range(40)]
    failures = 0
    for before in states:
        for after in states:
            found = laws.first_failure((space.layout.fetch(before), space.layout.fetch(after)), (before, after))
            asked = next(((c, w) for c in spec.laws if (w := spec.broken(c, after, SIZES, before)) is not None), None)
            assert found == asked
            failures += found is not None
    assert 0 < failures < len(states) ** 2


def test_a_leaf_that_is_read_later_is_not_forgotten() -> None:
    # the claim looks at the colour afterwards only where the lamp was painted before
    space, laws = remembered(NeverRepainted(), {"pfn": 1, "value": 3})
    lamps = [Lamps(Set((1,), 1), Map((1,), (colour,))) for colour in range(3)]
    fetch = space.layout.fetch
    for before in lamps:
        for after in lamps:
            failure = laws.first_failure((fetch(before), fetch(after)), (before, after))
            assert (failure is None) is (before.colour[0] in (0, after.colour[0]))


def test_claims_that_compare_whole_parts_or_copy_them_read_all_of_them() -> None:
    def same_source(before: Machine, after: Machine) -> bool:
        return before.source == after.source

    def same_but(before: Machine, after: Machine) -> bool:
        return bool(before.log.but(dirty=after.log.dirty) == after.log)

    def same_as_known(before: Machine, after: Machine) -> bool:
        return bool(before.source.table == known)

    claim: Claim = machine("bare").laws[0]
    layout, random = Layout(Machine, SIZES), Random(2)
    states = [random_state(Machine, SIZES, random) for _ in range(8)]
    known = states[0].source.table
    for holds in (same_source, same_but, same_as_known):
        laws = Remembered(layout, [(claim, holds, [()])])
        for before in states:
            for after in (*states, before):
                failure = laws.first_failure((layout.fetch(before), layout.fetch(after)), (before, after))
                assert (failure is None) is holds(before, after)


def test_no_claims_never_fail() -> None:
    layout = Layout(Machine, SIZES)
    state = random_state(Machine, SIZES, Random(3))
    assert Remembered(layout, []).first_failure((layout.fetch(state),), (state,)) is None
    assert Remembered(layout, []).first_failure((layout.fetch(state),) * 2, (state, state)) is None
