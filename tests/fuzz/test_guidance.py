"""Rare states are gone on from, without taking the steps up to there again; what comes of it is the same run."""

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from fuzz.archive import Archive
from fuzz.feedback import DIFFERS, view_of
from fuzz.guidance import Guide
from fuzz.mix import MOST_STEPS
from fuzz.mutate import seeds
from refmodel.state import Phase
from tests.fuzz.drawn import inputs, runner


def guide(variant: str | None = None, **more: Any) -> tuple[Guide, list[int]]:
    """A guide, and what libFuzzer is fed."""
    fed: list[int] = []
    atheris = SimpleNamespace(
        _reserve_counter=iter(range(1 << 17)).__next__,
        _trace_branch=fed.append,
        Mutate=lambda data, most: data[:most],
    )
    return Guide(atheris, runner(variant, claims=False), **more), fed


def test_an_input_that_goes_on_from_a_rare_state_is_the_same_run_as_from_the_beginning() -> None:
    guided, _ = guide("mark-dropped")
    for data in seeds(1, 10):
        guided.follow(data)
    resumed = 0
    for seed in range(200):
        data = guided.mutator(b"\0\2" + bytes(40), 2 + 2 * MOST_STEPS, seed)
        course, met, steps = guided.follow(data)
        again, met_again, all_steps = guide("mark-dropped")[0].follow(data) if seed % 10 == 0 else (course, met, 0)
        assert course.actions == again.actions
        assert course.state == again.state
        assert course.finding == again.finding
        assert met == met_again
        if seed % 10 == 0:
            assert steps <= all_steps == len(course.actions)
            resumed += steps < all_steps
    assert resumed > 5


def test_what_was_kept_is_not_changed_by_runs_that_go_on_from_it() -> None:
    guided, _ = guide()
    [data] = seeds(3, 1)
    guided.follow(data)
    reached = guided.archive.pick(Random(1))
    assert reached is not None
    actions, state = list(reached.course.actions), reached.course.state
    for rest in inputs(4, 20):
        guided.archive._next = reached
        guided.follow(reached.data + rest)
    assert (reached.course.actions, reached.course.state) == (actions, state)


def test_the_rarest_of_a_few_is_gone_on_from_and_is_then_less_rare() -> None:
    runs, archive = runner(), Archive()
    course = runs.run(b"")
    for _ in range(50):
        archive.met([8], b"common", course, [8])
    archive.met([16], b"rare", course, [16])
    picked = [archive.pick(Random(seed)) for seed in range(40)]
    names = [reached.data for reached in picked if reached is not None]
    assert names[:5].count(b"rare") >= 4
    assert names.count(b"common") > 10


def test_no_more_features_are_kept_than_fit_and_the_rare_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.archive._MOST", 100)
    runs, archive = runner(), Archive()
    course = runs.run(b"")
    for name in range(0, 800, 8):
        for _ in range(10 if name % 16 else 1):
            archive.met([name], b"", course, [name])
    for name in range(800, 1040, 8):
        archive.met([name], b"", course, [name])
    assert len(archive) == len(archive._features) == 100
    kept = [name for name in range(0, 800, 8) if name in archive._features]
    assert sum(name % 16 > 0 for name in kept) < len(kept) / 2


def test_without_feedback_libfuzzer_is_told_nothing_of_states() -> None:
    guided, fed = guide(feed=False)
    for data in seeds(1, 5):
        guided.follow(data)
    assert fed == []
    assert len(guided.archive) == 0
    guided, fed = guide()
    guided.follow(seeds(1, 1)[0])
    assert len(fed) == len(set(fed)) > 10


def test_a_mutation_that_is_left_out_is_not_made() -> None:
    guided, _ = guide(without="resume")
    guided.follow(seeds(1, 1)[0])
    guided.archive._unfinished.clear()
    data = b"\0\2" + bytes(40)
    for seed in range(50):
        guided.mutator(data, 200, seed)
    assert guided.archive._next is None


def test_without_any_mutation_nothing_of_a_schedule_is_kept() -> None:
    data = b"\0\2" + bytes(range(60))
    for without, is_kept in (("", True), ("mutations", False)):
        guided, _ = guide(without=without)
        made = [guided.mutator(data, 200, seed) for seed in range(50)]
        assert any(data[i : i + 8] in other for other in made for i in range(len(data) - 8)) is is_kept


def test_a_mutation_that_is_measured_alone_is_all_that_is_made_beside_libfuzzers_own() -> None:
    data, most = b"\0\2" + bytes(range(60)), 2 + 2 * MOST_STEPS
    for alone, whole, cut in (("nothing", True, False), ("insert", False, False), ("redraw", False, True)):
        guided, _ = guide(alone=alone)
        guided.follow(seeds(1, 1)[0])
        made = {bytes(guided.mutator(data, most, seed)) for seed in range(60)}
        assert data in made  # the double's own mutation changes nothing
        others = made - {data}
        assert {len(other) for other in others} == {most}
        steps = [data[i : i + 2] for i in range(2, len(data), 2)]
        kept = [all(step in other for step in steps) for other in others]
        assert all(other[2:].startswith(data[2:]) for other in others) is whole
        assert all(kept) is not cut
        assert guided.archive._next is None
    bytes_alone, _ = guide(alone="bytes")
    assert {bytes(bytes_alone.mutator(data, most, seed)) for seed in range(60)} == {data}
    spliced, _ = guide(alone="splice")
    both = [bytes(spliced.crossover(data, seeds(2, 1)[0], most, seed)) for seed in range(60)]
    assert 20 < both.count(data) < 40


def test_a_page_that_differs_and_is_new_so_is_brought_to_its_end_first() -> None:
    guided, _ = guide()
    for data in seeds(1, 3):
        guided.follow(data)
    waiting = len(guided.archive._unfinished)
    assert 3 < waiting <= 32
    for left in range(waiting, 0, -1):
        assert len(guided.archive._unfinished) == left
        newest = guided.archive._unfinished[-1]
        assert any(view_of(feature) == DIFFERS for feature in newest.met)
        made = guided.mutator(b"\0\2" + bytes(40), 2 + 2 * MOST_STEPS, left)
        assert made.startswith(newest.data)
        assert guided.archive.begun(made) is newest
    assert guided.archive.unfinished() is None
    without, _ = guide(without="end")
    without.follow(seeds(1, 1)[0])
    waiting = len(without.archive._unfinished)
    without.mutator(b"\0\2" + bytes(40), 200, 1)
    assert len(without.archive._unfinished) == waiting > 0


def test_what_is_met_again_and_again_is_brought_to_its_end_now_and_then() -> None:
    course, archive = runner().run(b""), Archive()
    for time in range(1, 301):
        archive.met([DIFFERS], bytes([time % 256]), course, [DIFFERS])
        if archive.unfinished() is not None:
            assert time in (1, 16, 256)
        archive.met([1], b"", course, [1])
        assert archive.unfinished() is None


def test_a_run_that_comes_to_nothing_new_is_ended() -> None:
    guided, _ = guide()
    blind, _ = guide(feed=False)
    shorter = 0
    for data in seeds(1, 20):
        course, long = guided.follow(data)[0], blind.follow(data)[0]
        assert course.actions == long.actions[: len(course.actions)]
        shorter += len(course.actions) < len(long.actions)
    assert shorter > 5


def test_a_rare_state_under_rounds_is_rarer_than_one_elsewhere() -> None:
    runs, archive = runner(), Archive()
    before = runs.run(b"")
    live = next(c for c in map(runs.run, (seeds(1)[0][:n] for n in range(2, 194, 2))) if c.state.phase is Phase.LIVE)
    archive.met([0], b"before", before, [0])
    archive.met([8], b"live", live, [8])
    picked = [archive.pick(Random(seed)) for seed in range(10)]
    assert [reached.data for reached in picked if reached is not None].count(b"live") >= 7
