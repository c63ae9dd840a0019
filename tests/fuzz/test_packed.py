from typing import Any

import pytest

from fuzz.packed import Packing
from refmodel.language import Map
from tests.fuzz.drawn import MANY, inputs, runner


@pytest.mark.parametrize("machine", MANY)
def test_a_packed_state_that_is_kept_up_to_date_is_the_state_packed_anew(machine: str) -> None:
    runs = runner(claims=False, on=machine)
    for data in inputs(31, 2):
        sizes, rounds = runs.head(data)
        parts = runs.parts(sizes)
        before = runs.course(sizes, rounds).state
        packing = parts.checker.packing
        packed = packing.first(before)
        for _, after in parts.decoder.walk(before, data):
            packed = packing.after(packed, before, after)
            assert packed == packing.first(after)
            before = after


def test_states_are_packed_alike_only_if_they_are_equal() -> None:
    runs = runner(claims=False)
    seen: dict[int, Any] = {}
    for data in inputs(32, 30):
        packing = runs.parts(runs.head(data)[0]).checker.packing
        runs.run(data, lambda m, packing=packing: seen.setdefault(packing.first(m), m))  # type: ignore[misc]
        for packed, m in seen.items():
            assert packing.first(m) == packed
        assert len(set(seen.values())) == len(seen)


def test_the_cells_that_differ_are_named_by_their_bits() -> None:
    runs = runner()
    sizes, _ = runs.head(b"")
    start: Any = runs.parts(sizes).start
    packing = Packing(runs.spec.state, sizes)
    changed = start.but(source=start.source.but(memory=start.source.memory.set((1, 0), 3)))
    cell = packing.layout.places["source.memory"][0] + 1 * sizes["word"]
    differs = packing.first(start) ^ packing.first(changed)
    assert packing.cells(differs) == 1 << cell
    assert differs & ~packing.bits(1 << cell) == 0
    assert packing.bits(-1) == -1


def test_values_beyond_a_byte_are_told_apart_too() -> None:
    runs = runner()
    sizes, _ = runs.head(b"")
    start: Any = runs.parts(sizes).start
    packing = runs.parts(sizes).checker.packing
    shape, cells = start.source.memory.shape, start.source.memory.cells

    def with_value(value: int) -> int:
        memory: Map[Any, int] = Map(shape, (value, *cells[1:]))
        return packing.first(start.but(source=start.source.but(memory=memory)))

    values = (0, 1, 127, 128, 255, 256, 1000, -1, -2)
    assert len({with_value(value) for value in values}) == len(values)
    assert with_value(1000) == with_value(1000)
