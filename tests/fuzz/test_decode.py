from collections import Counter
from functools import cache
from random import Random

from fuzz.decode import HEAD, RECORD, head
from fuzz.mix import DEFAULT_SIZES, MORE, MOST_STEPS, SHARES, SIZES, WEIGHTS
from refmodel.language import Action, Actor, Refused
from refmodel.machines import machine
from refmodel.seed import Bare
from refmodel.state import Phase
from tests.fuzz.drawn import MANY, inputs, runner


def test_the_same_bytes_are_the_same_schedule() -> None:
    for data in inputs(1, 20, which=None):
        first, again = runner().run(data), runner().run(data)
        assert first.actions == again.actions
        assert first.state == again.state


def test_a_changed_pair_leaves_what_comes_before_it() -> None:
    runs = runner()
    for data in inputs(2, 20):
        whole = runs.run(data).actions
        cut = runs.run(data[: HEAD + RECORD * 20]).actions
        assert whole[: len(cut)] == cut


def test_any_bytes_are_a_schedule() -> None:
    runs = runner()
    for data in (b"", b"\0", b"\0\0", b"\0\0\0", bytes(1000), b"\xff" * 1000, bytes(range(256))):
        course = runs.run(data)
        assert len(course.actions) <= MOST_STEPS
        assert course.finding is None


def test_nearly_every_pair_is_a_step_and_runs_reach_activation() -> None:
    runs, reached, pairs, steps = runner(), Counter[Phase](), 0, 0
    for data in inputs(3, 200, steps=MOST_STEPS):
        course = runs.run(data)
        reached[course.state.phase] += 1
        if course.state.phase < Phase.AFTER:
            pairs, steps = pairs + MOST_STEPS, steps + len(course.actions)
    assert reached[Phase.AFTER] > 60
    assert reached[Phase.ABORTED] > 20
    assert steps > 0.95 * pairs


def test_every_kind_of_step_is_taken() -> None:
    runs = runner()
    taken = {action.step for data in inputs(4, 300) for action in runs.run(data).actions}
    assert taken == set(Bare().steps)


def test_the_engine_gets_a_fair_share_while_rounds_run() -> None:
    runs, takers = runner(), Counter[str]()
    for data in inputs(5, 100):
        for action in runs.run(data).actions:
            takers[runs.spec.steps[action.step].actor.value] += 1
    assert takers["engine"] > 0.3 * takers.total()
    assert takers["guest"] > 0.3 * takers.total()


def test_kinds_that_are_held_impossible_are_always_refused() -> None:
    runs = runner("registers-early")
    decoder = runs.parts(DEFAULT_SIZES).decoder
    possible_in = cache(lambda scalars: {kind.name for kind in decoder.possible(scalars)})
    chance = Random(6)
    for data in inputs(6, 10):
        for _, state in decoder.walk(runs.parts(DEFAULT_SIZES).start, data):
            possible = possible_in(decoder._scalars(state))
            kind = chance.choice([kind for kind in decoder._kinds if kind.name not in possible])
            action = chance.choice(kind.actions)
            try:
                runs.spec.take(state, action)
            except Refused:
                continue
            raise AssertionError(f"{action} was held impossible in {state}")


def test_the_mix_is_about_steps_that_exist() -> None:
    assert set(WEIGHTS) <= {step for name in MANY for step in machine(name).steps}
    assert sum(SHARES.values()) == 256
    for first in range(8):
        assert head(bytes([first]))[0] in SIZES
    bare = runner(on="bare")
    for sizes in SIZES:
        kinds = bare.parts(sizes).decoder._kinds
        assert max(len(kind.actions) for kind in kinds) <= 256  # one byte names them all


def test_every_step_of_the_operators_is_taken_and_bytes_of_others_are_none() -> None:
    runs = runner(claims=False, on="kvm-qemu")
    sizes, _ = runs.head(b"\0\0")
    decoder, start = runs.parts(sizes).decoder, runs.course(sizes, 1).state
    begun = runs.spec.take(start, Action("begin"))
    taken = {found[0].step for byte in range(256) if (found := decoder.choose(begun, 255, byte)) is not None}
    operators = {name for name, step in runs.spec.steps.items() if step.actor is Actor.OPERATOR}
    possible = {kind.name for kind in decoder.possible(decoder._scalars(begun))}
    assert taken <= operators & possible
    assert not {name for name in (operators & possible) - taken if not runs.spec.steps[name].parameters}
    assert {"abort", "lose_source", "lose_target", "lose_wire"} <= taken
    others = {found[0].step for byte in range(0, 254, 3) if (found := decoder.choose(begun, byte, byte)) is not None}
    assert others - operators


def test_some_inputs_have_one_more_of_what_a_part_adds() -> None:
    runs = runner(on="bare+delta-cache")
    few, many = runs.head(b"\0\0")[0], runs.head(bytes([MORE, 0]))[0]
    assert {sort: many[sort] - few[sort] for sort in few} == {**dict.fromkeys(few, 0), "line": 1, "place": 1}
    assert runner().head(bytes([MORE, 0])) == runner().head(b"\0\0")
