"""From a broken claim to what the guest notices: with the engine alone, or with the fewest steps of the guest."""

from collections.abc import Callable

import pytest
from attrs import evolve

from refmodel.language import Action
from refmodel.machines import machine
from refmodel.rows import Row
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Schedule, load
from refmodel.search import checked as checking
from refmodel.search.complete import complete, to_the_end
from refmodel.search.explore import Explored, Outcome
from refmodel.search.find import GROWING, Found, annotated, find, is_noticed, search
from refmodel.search.replayed import discrepancies
from refmodel.search.seed_space import SIZES
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import STORED


def first_break(name: str) -> Schedule:
    schedule = load(STORED / f"{name}.json")
    assert schedule.broken is not None
    return evolve(schedule, actions=schedule.actions[: schedule.broken.after], noticed=None)


def test_where_the_engine_alone_brings_it_to_light_no_step_of_the_guest_is_taken() -> None:
    completion = complete(first_break("resume-after-ack"))
    assert completion.guest_steps == 0
    assert completion.how == "the engine's steps alone bring it to light"
    assert completion.schedule == load(STORED / "resume-after-ack.json")


def test_where_a_right_is_stale_the_guest_has_to_use_it() -> None:
    completion = complete(first_break("no-flush"))
    assert completion.guest_steps == 1
    assert completion.how == "the guest takes 1 step more; the engine's steps bring it to light"
    assert completion.schedule == load(STORED / "no-flush.json")
    assert "2 steps more" in complete(first_break("fill-writable")).how


def test_with_too_few_steps_of_the_guest_nothing_is_noticed_and_the_reason_is_given() -> None:
    completion = complete(first_break("no-flush"), most_guest_steps=0)
    assert completion.schedule.noticed is None
    assert completion.reason is not None
    assert "a tlb lets stores pass unseen only where the log permits" in completion.how


def test_what_no_guest_can_notice_says_which_claim_is_broken_for_its_own_sake() -> None:
    completion = complete(first_break("discard-at-commit"))
    assert completion.schedule.noticed is None
    assert "while neither side is lost" in completion.how
    assert "hand-over" in completion.how


def test_a_completion_gives_up_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refmodel.search.complete._MOST_STATES", 1)
    assert complete(first_break("fill-writable")).schedule.noticed is None


def test_a_schedule_that_is_noticed_already_stays_as_it_is() -> None:
    schedule = load(STORED / "activate-early.json")
    completion = complete(evolve(schedule, noticed=None))
    assert completion.schedule == schedule
    assert completion.guest_steps == 0


def test_a_schedule_that_is_not_over_goes_on_to_its_end_by_the_engine_alone() -> None:
    schedule = first_break("discard-at-commit")
    longer = to_the_end(schedule)
    assert [action.step for action in longer.actions[len(schedule.actions) :]] == ["acknowledge", "activate"]
    assert to_the_end(longer) == longer
    given_up = Schedule("bare", None, GROWING[0], 1, (Action("begin"), Action("abort")))
    assert to_the_end(given_up) == given_up
    assert len(to_the_end(evolve(given_up, actions=(Action("begin"),))).actions) == 12


def test_a_schedule_is_annotated_from_its_replay() -> None:
    schedule = load(STORED / "flush-elided.json")
    assert annotated(evolve(schedule, broken=None, noticed=None)) == schedule


def test_the_guest_notices_nothing_before_it_runs_at_the_target() -> None:
    moments = list(replay(load(STORED / "no-flush.json")))
    assert [is_noticed(machine("bare"), moment.after) for moment in moments] == [False] * (len(moments) - 1) + [True]


def test_a_search_without_a_counterexample_sums_up_what_it_searched() -> None:
    found = find("bare", None, GROWING[:1])
    assert (found.is_broken, found.schedule, found.explored.outcome) == (False, None, Outcome.EXHAUSTED)
    both = find("bare", None, [GROWING[0], GROWING[0]], max_states=100)
    assert (both.explored.states, both.explored.outcome) == (200, Outcome.BOUNDED)


def test_without_symmetry_the_same_claim_breaks_as_early() -> None:
    with_it, without = (search("bare", "cpu-keeps-root", SIZES, symmetry=symmetry) for symmetry in (True, False))
    assert with_it.schedule == without.schedule
    assert without.explored.states > with_it.explored.states


def test_what_is_noticed_nowhere_is_said_with_the_states_searched() -> None:
    found = find("bare", "discard-at-commit", GROWING[:1])
    assert found.schedule is not None
    assert found.schedule.noticed is None
    assert found.how is not None
    assert "a guest notices in none of" in found.how


# what a schedule's file says


def wrong(schedule: Schedule) -> list[str]:
    return discrepancies(schedule, list(replay(schedule)))


def test_a_file_that_says_what_happens_has_no_discrepancies() -> None:
    assert wrong(load(STORED / "no-flush.json")) == []
    assert wrong(Schedule("bare", None, SIZES, 1, (Action("begin"),))) == []


def test_each_way_in_which_a_file_can_be_wrong_is_told() -> None:
    schedule = load(STORED / "no-flush.json")
    assert schedule.broken is not None
    assert schedule.noticed is not None
    broken, noticed = schedule.broken, schedule.noticed
    [line] = wrong(evolve(schedule, broken=None))
    assert "the file names no broken claim" in line
    [line] = wrong(evolve(schedule, broken=evolve(broken, after=3)))
    assert "the file says after 3" in line
    [line] = wrong(evolve(schedule, broken=evolve(broken, claim="one_side_runs", at={})))
    assert "breaks first" in line
    [line] = wrong(evolve(schedule, broken=evolve(broken, at={"cpu": 0, "vpn": 7})))
    assert "breaks first" in line
    [line] = wrong(evolve(schedule, noticed=None))
    assert "the file says that it does not" in line
    [line] = wrong(evolve(schedule, noticed=evolve(noticed, what="a crash")))
    assert "the file says after" in line
    lines = wrong(evolve(schedule, variant=None, actions=schedule.actions[:2]))
    assert [line.split(";")[0] for line in lines] == ["no claim breaks", "the guest notices nothing"]


# the rows of the check


class Alone:
    """A pool without processes, so that what the tests put in the place of something is there."""

    def __init__(self, *_: object, **__: object) -> None: ...
    def __enter__(self) -> "Alone":
        return self

    def __exit__(self, *_: object) -> None: ...
    def map(self, function: Callable[[str], object], names: list[str]) -> list[object]:
        return [function(name) for name in names]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ProcessPoolExecutor", Alone)
    monkeypatch.setattr(checking, "MACHINES", {"seed": ""})


def some(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(checking, "VARIANTS", {name: VARIANTS[name] for name in names})
    monkeypatch.setattr(checking, "sample", lambda: [VARIANTS[name] for name in names])


@pytest.mark.usefixtures("alone")
def test_the_check_has_a_row_for_the_machine_and_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    some(monkeypatch, "no-flush", "flush-one-cpu", "needless-flush", "mark-dropped")
    rows = list(checking.checked())
    assert [row.what for row in rows] == [
        "seed, small sizes",
        "sound variants",
        "M07 stale writable TLB entry",
        "M29 the logger failed and went on",
    ]
    assert all(row.ok and row.part == "search" for row in rows)
    assert rows[0].result.startswith("nothing found in ")
    assert rows[2].result == "2 broken after 11 to 12 steps, 2 noticed after 21 to 23"
    assert rows[3].result == "1 broken after 8 steps, 1 noticed after 20"


def test_the_check_shares_the_search_out_among_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MACHINES", {})
    some(monkeypatch, "activate-early")
    [_, row] = checking.checked(jobs=1)
    assert (row.ok, row.result) == (True, "1 broken after 4 steps")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("outcome", "sound", "ok"),
    [
        (Outcome.EXHAUSTED, True, True),
        (Outcome.EXHAUSTED, False, False),
        (Outcome.BOUNDED, True, False),
        (Outcome.BOUNDED, False, False),
    ],
)
def test_a_row_is_as_it_must_be_only_if_the_search_came_to_its_end(
    outcome: Outcome, sound: bool, ok: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(name: str, variant: str | None, sizes: dict[str, int], rounds: int = 1, **_: object) -> Found:
        return Found(name, variant, sizes, 1, Explored(outcome, 5, 9, 2, 0.1))

    monkeypatch.setattr(checking, "search", ended)
    some(monkeypatch, "needless-flush" if sound else "no-flush")
    row = list(checking.checked())[-1]
    assert isinstance(row, Row)
    assert row.ok is ok
    said = "nothing found in" if ok else "not whole, or broken:" if sound else "not found:"
    assert row.result.startswith(said)


@pytest.mark.usefixtures("alone")
def test_a_sound_variant_that_breaks_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "VARIANTS", {"no-flush": evolve(VARIANTS["no-flush"], sound=True)})
    row = list(checking.checked())[-1]
    assert not row.ok
    assert row.result == "not whole, or broken: no-flush"


@pytest.mark.usefixtures("alone")
def test_a_variant_that_is_not_reached_says_why_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Found("bare", "no-flush", {}, 1, Explored(Outcome.EXHAUSTED, 5, 9, 2, 0.1))
    monkeypatch.setattr(checking, "search", lambda *_, **__: found)
    monkeypatch.setattr(checking, "VARIANTS", {"no-flush": evolve(VARIANTS["no-flush"], unreached="too large")})
    row = list(checking.checked())[-1]
    assert (row.ok, row.result) == (True, "1 not reached")
