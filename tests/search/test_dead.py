"""What the search blanks is dead: no step and no claim can tell."""

from random import Random
from typing import Any

import pytest
from attrs import evolve

from refmodel.language import Action, Refused
from refmodel.machines import machine
from refmodel.search.dead import Blanking, Rule
from refmodel.search.explore import Outcome, explore
from refmodel.search.find import GROWING
from refmodel.search.layout import Layout
from refmodel.search.seed_space import DEAD, seed_space, sizes_for
from refmodel.search.space import Space
from refmodel.seed import BareState as Machine
from refmodel.state import Phase
from tests.search.specs import ALL, SOME, spec_of
from tests.search.walks import drawn, failing, reached

SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}


def seen(space: Space, state: Any) -> tuple[list[str], set[tuple[str, bytes, tuple[str, ...]]]]:
    """All that the search can see of a state: the claims that fail there, and where each step leads it.

    Values are left out of the arguments: which value is stored is not seen, only whether it is equal afterwards.
    """
    steps = set()
    for action in space.actions:
        try:
            after = space.spec.take(state, action)
        except Refused:
            continue
        parameters = space.spec.steps[action.step].parameters
        named = [a for a, (_, sort) in zip(action.arguments, parameters, strict=True) if sort.name != "value"]
        broken = (*failing(space, after), *failing(space, after, state))
        steps.add((f"{action.step}{named}", space.flat(after), broken))
    return failing(space, state), steps


def blanked(space: Space, state: Any) -> Any:
    return space.layout.state(space.blanked(space.layout.fetch(state)))


def told_apart(space: Space, state: Any) -> bool:
    """Something tells the state from what it is when blanked."""
    return seen(space, state) != seen(space, blanked(space, state))


def taken(space: Space, state: Any, *steps: str) -> list[Any]:
    """The state after these steps; none where one is refused."""
    try:
        for step in steps:
            state = space.spec.take(state, Action(step, ()))
    except Refused:
        return []
    return [state]


@pytest.mark.parametrize("name", SOME)
def test_no_step_and_no_claim_of_a_machine_tells_a_state_from_its_blanked_one(name: str) -> None:
    spec, random = spec_of(name), Random(name)
    small, large = seed_space(spec, sizes_for(spec, GROWING[0])), seed_space(spec, sizes_for(spec, SIZES))
    many = 30 if name == "bare" else 5
    assert not any(told_apart(small, state) for state in drawn(small, random, many))
    walked = [state for _ in range(3) for state in reached(large, random, 60)]
    assert not any(told_apart(large, state) for state in random.sample(walked, min(many // 2, len(walked))))


def test_nor_does_a_second_migration_take_for_dead_what_a_checkpoint_looks_at() -> None:
    spec, random = machine("bare+checkpoints+second-hop"), Random(1)
    space = seed_space(spec, sizes_for(spec, GROWING[0]))
    walked = (state for _ in range(30) for state in reached(space, random, 60))
    at_a_checkpoint = [m for m in walked if m.phase == Phase.STOP_AND_COPY or m.checkpoints.epoch]
    assert len(at_a_checkpoint) > 20
    assert not any(told_apart(space, state) for state in at_a_checkpoint)


@pytest.mark.parametrize("name", ["seed+second-hop", "seed+checkpoints"])
def test_nor_a_source_that_may_take_the_guest_back_after_the_commit(name: str) -> None:
    """What it stood still with is alive then, where the guest can run on with it."""
    spec, random = spec_of(name), Random(name)
    space = seed_space(spec, sizes_for(spec, GROWING[0]))
    quiet = evolve(space, left_out=space.left_out | {"lose_wire", "lose_source", "lose_target", "wire_error"})
    late = []
    for _ in range(40):
        committed = (state for state in reached(quiet, random, 80) if state.phase == Phase.COMMITTED)
        late += [found_out for state in committed for found_out in taken(space, state, "lose_wire", "find_out")]
    assert len(late) > 5
    assert not any(told_apart(space, state) for state in late)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_nor_any_of_many_more_states(name: str) -> None:
    spec, random = spec_of(name), Random(name)
    for sizes in GROWING:
        space = seed_space(spec, sizes_for(spec, sizes))
        assert not any(told_apart(space, state) for state in drawn(space, random, 300))


def test_walks_reach_every_phase_so_that_every_rule_is_tried() -> None:
    space, random = seed_space(machine("bare"), SIZES), Random(7)
    phases = set()
    changed: set[int] = set()
    for _ in range(60):
        for state in reached(space, random, 80):
            phases.add(state.phase)
            raw = space.layout.fetch(state)
            for number, rule in enumerate(DEAD):
                if Blanking(space.layout, [rule])(raw) != list(raw):
                    changed.add(number)
    assert phases == set(Phase) - {Phase.BEFORE, Phase.ABORTED}
    assert changed == set(range(len(DEAD)))


# A search keeps the states that use the first elements and values, so that these rules blank to the others.
WRONG = [
    Rule(("log.dirty",), lambda dirty: (0,), "wrong: the log is not dead"),
    Rule(("cpus.writable",), lambda writable: (0,), "wrong: rights in a TLB are not dead"),
    Rule(("transfer.page",), lambda page: (1,), "wrong: the page in hand is not dead"),
    Rule(("target.memory",), lambda memory: ((1,) * len(memory),), "wrong: the target's memory is not dead"),
]


def test_fields_that_are_not_dead_are_seen() -> None:
    space = seed_space(machine("bare"), {**SIZES, "vpn": 1, "cpu": 1}, rounds=0)
    states = drawn(space, Random(8), 300)
    for rule in WRONG:
        wrong = Space(space.spec, space.sizes, space.start, space.renamed, (rule,), space.left_out, space.is_end)
        assert any(told_apart(wrong, state) for state in states), rule.reason


def test_blanking_twice_is_blanking_once() -> None:
    space, random = seed_space(machine("bare"), SIZES), Random(9)
    for state in reached(space, random, 200):
        assert space.flat(blanked(space, state)) == space.flat(state)


def test_without_blanking_the_same_is_found_in_more_states() -> None:
    space = seed_space(machine("bare"), {**SIZES, "pfn": 1, "vpn": 1, "cpu": 1}, rounds=0)
    plain = Space(space.spec, space.sizes, space.start, space.renamed, (), space.left_out, space.is_end)
    small, large = explore(space), explore(plain)
    assert small.outcome is large.outcome is Outcome.EXHAUSTED
    assert small.states * 5 < large.states


def test_every_rule_gives_its_reason_and_names_leaves() -> None:
    layout = Layout(Machine, SIZES)
    for rule in DEAD:
        assert rule.reason
        assert set(rule.paths) <= set(layout.index)
