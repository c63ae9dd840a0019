"""What is kept from one state to the next is what asking again would give."""

from random import Random
from typing import Any

import pytest

from fuzz.abstraction import of_any
from fuzz.kept import kept, parts_read
from refmodel.machines import machine
from tests.fuzz.drawn import MANY, inputs, runner


def test_a_function_is_called_again_where_a_part_that_it_reads_is_another() -> None:
    asked: list[Any] = []
    pages = kept(["rounds", "transfer"], lambda m: asked.append(m) or m.rounds.left)  # type: ignore[func-returns-value]
    m = machine("seed").start({"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 2})
    assert pages(m) == pages(m.but(source=m.source.but())) == m.rounds.left
    assert asked == [m]
    more = m.but(rounds=m.rounds.but(left=m.rounds.left + 1))
    assert pages(more) == m.rounds.left + 1
    assert pages(m) == m.rounds.left
    assert len(asked) == 3


def test_what_a_hook_reads_is_found_by_reading_it() -> None:
    assert parts_read(machine("seed"), "is_marked") == {"log", "rounds"}
    assert "devices" in parts_read(machine("kvm-qemu"), "is_marked")
    assert "ring" in parts_read(machine("kvm-qemu-ring"), "is_marked")


@pytest.mark.parametrize("name", ["seed", *MANY])
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
