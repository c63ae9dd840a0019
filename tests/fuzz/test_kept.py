"""What is kept from one state to the next is what asking again would give."""

from random import Random
from typing import Any

import pytest

from fuzz.abstraction import of_any
from fuzz.kept import kept, leaves_read, remembered
from refmodel.machines import machine
from tests.fuzz.drawn import MANY, inputs, runner

SIZES = {"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 2}


def test_a_function_is_called_again_where_a_part_that_it_reads_is_another() -> None:
    asked: list[str] = []

    def left(m: Any) -> int:
        asked.append("left")
        return int(m.rounds.left)

    def page(m: Any) -> int:
        asked.append("page")
        return 100 * int(m.transfer.page)

    both = kept([(["rounds", "transfer"], left), (["transfer"], page)])
    m: Any = machine("bare").start(SIZES)
    assert both(m) == both(m.but(source=m.source.but())) == m.rounds.left
    assert asked == ["left", "page"]
    more = m.but(rounds=m.rounds.but(left=m.rounds.left + 1))
    assert both(more) == m.rounds.left + 1
    assert both(more.but(transfer=more.transfer.but(page=1))) == m.rounds.left + 101
    assert both(m) == m.rounds.left
    assert asked == ["left", "page", "left", "left", "page", "left", "page"]


def test_an_answer_is_remembered_for_what_is_read_and_for_how_many_pages_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec, asked = machine("bare"), list[int]()
    marked = spec.is_marked

    def heard(m: Any, page: int) -> bool:
        asked.append(page)
        return marked(m, page)

    monkeypatch.setattr(spec, "is_marked", heard, raising=False)
    parts, of = remembered(spec, "is_marked", lambda page: 1 << page)
    assert set(parts) == {"log", "rounds"}
    m: Any = spec.start(SIZES)
    owed = m.but(rounds=m.rounds.but(to_send=m.rounds.to_send.add(1)))
    asked.clear()
    assert (of(m), of(owed), of(owed.but(log=owed.log.but())), of(m)) == (0, 2, 2, 0)
    assert asked == [0, 1, 0, 1]
    assert of(spec.start({**SIZES, "pfn": 3})) == 0
    assert asked[4:] == [0, 1, 2]


def test_what_a_hook_reads_is_found_by_reading_it() -> None:
    assert leaves_read(machine("bare"), "is_marked") == {
        "log.dirty": "log.dirty.bits",
        "rounds.to_send": "rounds.to_send.bits",
    }
    assert leaves_read(machine("bare"), "in_hand") == {
        "transfer.stage": "transfer.stage",
        "transfer.page": "transfer.page",
    }
    assert "devices.dirty" in leaves_read(machine("kvm-qemu"), "is_marked")
    assert {"ring.dirty", "ring.page"} <= leaves_read(machine("kvm-qemu-ring"), "is_marked").keys()


@pytest.mark.parametrize("name", ["bare", *MANY])
def test_a_state_looks_the_same_whatever_was_looked_at_before(name: str) -> None:
    runs = runner(claims=False, on=name)
    always, order = of_any(runs.spec), Random(3)
    states: list[Any] = []
    for data in inputs(9, 4):
        runs.run(data, states.append)
    seen = [always(m) for m in states]
    assert seen == [of_any(runs.spec)(m) for m in states[:20]] + [always(m) for m in states[20:]]
    mixed = list(range(len(states)))
    order.shuffle(mixed)
    for i in mixed:
        assert always(states[i]) == seen[i]
