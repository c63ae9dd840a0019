"""A schedule as a picture: a phrase for each step, a column for each page, and it fits a narrow terminal."""

from io import StringIO

import pytest
from attrs import evolve
from rich.console import Console

from refmodel.language import Action
from refmodel.machines import machine
from refmodel.schedules.narrate import LEGEND, narrate, page_state
from refmodel.schedules.phrases import phrase, who
from refmodel.schedules.phrases.core import PHRASES
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Schedule, load
from refmodel.search.seed_space import SIZES
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import STORED, WRONG

SEED = machine("bare")

EVERY_STEP = [
    Action("begin"),
    Action("guest_map", (0, 0, True, False)),
    Action("mmu_walk", (0, 0)),
    Action("guest_store", (0, 0, 0, 1)),
    Action("guest_compute", (0, 1)),
    Action("enter_shadow", (0,)),
    Action("enter_shadow", (1,)),
    Action("send_configuration"),
    Action("start_rounds"),
    Action("shadow_fill", (0,)),
    Action("mmu_walk", (0, 0)),
    Action("transfer_clear", (0,)),
    Action("transfer_mark"),
    Action("transfer_revoke", (0,)),
    Action("transfer_flush", (0,)),
    Action("transfer_flush", (1,)),
    Action("transfer_read", (0,)),
    Action("transfer_done"),
    Action("mmu_walk", (0, 0)),
    Action("write_fault", (0, 0, 0)),
    Action("mmu_walk", (0, 0)),
    Action("guest_map", (0, 0, False, True)),
    Action("guest_flush", (0, 0)),
    Action("guest_map", (0, 1, True, False)),
    Action("shadow_resync", (0,)),
    Action("guest_unmap", (0, False)),
    Action("shadow_resync", (0,)),
    Action("guest_map", (0, 0, False, True)),
    Action("write_fault", (0, 0, 1)),
    Action("guest_map", (0, 0, True, False)),
    Action("write_fault", (0, 0, 1)),
    Action("transfer_clear", (1,)),
    Action("transfer_mark"),
    Action("transfer_flush", (0,)),
    Action("transfer_flush", (1,)),
    Action("transfer_read", (0,)),
    Action("transfer_done"),
    Action("next_round"),
    Action("pause"),
    Action("final_harvest"),
    Action("transfer_clear", (0,)),
    Action("transfer_read", (0,)),
    Action("transfer_done"),
    Action("send_registers", (0,)),
    Action("send_registers", (1,)),
    Action("send_table"),
    Action("commit"),
    Action("acknowledge"),
    Action("activate"),
    Action("discard_source"),
    Action("target_store", (0, 0, 1)),
]
ABORTED = [Action("begin"), Action("enter_shadow", (0,)), Action("abort"), Action("leave_shadow", (0,))]


def picture(schedule: Schedule, columns: int = 80, coloured: bool = False) -> str:
    console = Console(width=columns, record=True, file=StringIO(), force_terminal=coloured)
    console.print(narrate(schedule, list(replay(schedule))))
    return console.export_text()


def schedule_of(actions: list[Action], **sizes: int) -> Schedule:
    return Schedule("bare", None, {**SIZES, **sizes}, 1, tuple(actions))


def test_every_step_of_the_machine_has_a_phrase() -> None:
    assert set(PHRASES) == set(SEED.steps)
    assert {action.step for action in (*EVERY_STEP, *ABORTED)} == set(SEED.steps)


@pytest.mark.parametrize("actions", [EVERY_STEP, ABORTED], ids=["to the end", "aborted"])
def test_every_phrase_can_be_said(actions: list[Action]) -> None:
    lines = [phrase(SEED, moment.before, moment.action) for moment in replay(schedule_of(actions))]
    assert all(lines)
    assert not any("(" in line and ")" not in line for line in lines)
    if actions is EVERY_STEP:
        assert "store vpn 0 word 0 := 1 (pfn 0)" in lines
        assert "TLB miss on vpn 0: the guest's table has pfn 0, rw" in lines
        assert "TLB miss on vpn 0: the shadow has pfn 0, ro" in lines
        assert "write fault on vpn 0 (pfn 0): marked dirty, writable again" in lines
        assert "write fault on vpn 0, reflected to the guest; registers := 1" in lines
        assert "write fault on vpn 0 (pfn 0): the entry is copied afresh" in lines
        assert "unmap vpn 0; its shadow goes out of sync" in lines
        assert "map vpn 0 to pfn 0, ro, trapped and emulated" in lines
        assert "harvest pfn 0 dirty; the next round begins" in lines
        assert "the last harvest: nothing dirty" in lines


def test_a_step_without_a_phrase_is_named() -> None:
    assert phrase(SEED, SEED.start(SIZES), Action("balloon", (3,))) == "balloon(3)"


def test_who_takes_a_step_is_named_by_vcpu_where_one_is() -> None:
    assert who(SEED, Action("mmu_walk", (1, 0))) == "vCPU 1"
    assert who(SEED, Action("shadow_fill", (0,))) == "guest"
    assert who(SEED, Action("transfer_mark")) == "engine"
    assert who(SEED, Action("abort")) == "operator"


@pytest.mark.parametrize("name", WRONG)
def test_a_counterexample_fits_eighty_columns_and_marks_what_goes_wrong(name: str) -> None:
    schedule = load(STORED / f"{name}.json")
    text = picture(schedule)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count(">> BROKEN:") >= 1
    assert text.count(">> NOTICED:") == (schedule.noticed is not None)
    assert LEGEND in text
    assert name in text
    assert VARIANTS[name].name == name


def test_without_colour_the_picture_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = load(STORED / "no-flush.json")
    coloured = picture(schedule, coloured=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(schedule, coloured=True) == coloured


def test_each_page_has_a_column_that_says_what_holds_of_it() -> None:
    *_, last = replay(schedule_of(EVERY_STEP[:20]))
    assert page_state(SEED, last.after, 0) == ".d..."
    assert page_state(SEED, last.after, 1) == "o...."
    *_, last = replay(schedule_of(EVERY_STEP[:16]))
    assert page_state(SEED, last.after, 0) == "..ph!"


def test_of_many_pages_those_that_change_have_a_column() -> None:
    text = picture(schedule_of(EVERY_STEP[:37], pfn=7))
    assert "pfn 0" in text
    heading = next(line for line in text.splitlines() if "who" in line)
    assert [number for number in range(7) if f"pfn {number}" in heading] == [0, 1]
    still = picture(evolve(schedule_of([Action("begin")]), sizes={**SIZES, "pfn": 7}))
    heading = next(line for line in still.splitlines() if "who" in line)
    assert [number for number in range(7) if f"pfn {number}" in heading] == [0, 1, 2, 3]


def test_the_picture_of_a_sound_run_marks_nothing() -> None:
    text = picture(schedule_of(EVERY_STEP))
    assert ">>" not in text
