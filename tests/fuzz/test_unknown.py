from types import SimpleNamespace
from typing import Any

import pytest

from fuzz.decode import head
from fuzz.layout import Layout
from fuzz.unknown import every_path
from refmodel.language import implies, neg, pick
from refmodel.seed import BareState as Machine
from refmodel.state import Phase, Stage, same_entry

SIZES, _ = head(b"")
LAYOUT = Layout.of(Machine, SIZES)


def read(function: Any, **known: Any) -> SimpleNamespace:
    result = every_path(function, LAYOUT, ({k.replace("__", "."): v for k, v in known.items()},), ())
    assert result is not None
    names = {path for path, (first, count) in LAYOUT.places.items() if result.reads >> first & ((1 << count) - 1)}
    return SimpleNamespace(values=set(map(_plain, result.values)), names=names, reads=result.reads)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | type) else "unknown"


def test_false_and_unknown_is_false_and_true_or_unknown_is_true() -> None:
    assert read(lambda m: m.log.dirty[0] & (m.phase == Phase.LIVE), phase=Phase.SETUP).values == {False}
    assert read(lambda m: implies(m.phase == Phase.LIVE, m.log.dirty[0]), phase=Phase.SETUP).values == {True}
    assert read(lambda m: implies(m.phase == Phase.LIVE, m.log.dirty[0]), phase=Phase.LIVE).values == {"unknown"}
    assert read(lambda m: neg(m.log.dirty[0])).values == {"unknown"}
    assert read(lambda m: pick(m.log.dirty[0], 1, 2)).values == {"unknown"}


def test_both_ways_of_a_decision_are_followed() -> None:
    assert read(lambda m: 1 if m.log.dirty[0] else 2).values == {1, 2}
    assert read(lambda m: (1 if m.log.dirty[0] else 2) * (3 if m.log.dirty[1] else 5)).values == {3, 6, 5, 10}
    assert read(lambda m: 1 if m.phase == Phase.LIVE else 2, phase=Phase.LIVE).values == {1}


def test_reads_are_cells_where_the_key_is_known_and_leaves_where_it_is_not() -> None:
    first, _ = LAYOUT.places["log.dirty"]
    assert read(lambda m: m.log.dirty[2]).reads == 1 << first + 2
    assert read(lambda m: m.log.dirty[m.transfer.page]).reads & LAYOUT.whole("log.dirty") == LAYOUT.whole("log.dirty")
    first, _ = LAYOUT.places["source.memory"]
    assert read(lambda m: m.source.memory[2, 1]).reads == 1 << first + 5
    assert read(lambda m: m.rounds.to_send | m.log.dirty).names == {"rounds.to_send", "log.dirty"}
    assert read(lambda m: m.shadow.writable.never(lambda v: True)).names == {"shadow.writable"}
    assert "target.table.frame" in read(lambda m: same_entry(m.source.table, m.target.table, 1)).names
    assert len(read(lambda m: m.rounds.but(left=m.rounds.left)).names) == 2


def test_what_is_given_to_an_operation_is_read() -> None:
    def named(m: Any) -> Any:
        return m.log.dirty.where(lambda page: m.rounds.to_send[page], True)

    both = {"log.dirty", "rounds.to_send"}
    assert read(lambda m: m.log.dirty.never(lambda page: m.rounds.to_send[page])).names == both
    assert read(lambda m: named(m).is_empty).names == both
    assert read(lambda m: m.log.dirty.same(m.rounds.to_send)).names == both
    assert read(lambda m: m.log.dirty & m.rounds.to_send).names == both
    assert read(lambda m: m.log.dirty.add(1) == m.rounds.to_send).names == both
    assert read(lambda m: pick(m.log.dirty[0], m.rounds.to_send, 1)).names == both
    held, table = {"source.memory", "target.memory"}, "source.table.frame"
    assert read(lambda m: m.source.memory.same(m.target.memory, lambda p, w: m.source.table.frame[p] == w)).names == {
        *held,
        table,
    }
    assert read(lambda m: m.source.memory.made(lambda p, w: m.target.memory[p, w])).names == held


def test_an_exception_is_a_value_and_what_cannot_be_read_is_no_answer() -> None:
    def refuse(m: Machine) -> None:
        raise ValueError

    assert read(refuse).values == {ValueError}
    assert every_path(lambda m: hash(m.log.dirty[0]), LAYOUT, ({},), ()) is None


def test_too_many_paths_are_no_answer() -> None:
    assert every_path(lambda m: [bool(m.log.dirty[0]) for _ in range(12)], LAYOUT, ({},), ()) is None


@pytest.mark.parametrize("stage", list(Stage))
def test_known_scalars_decide(stage: Stage) -> None:
    assert read(lambda m: m.transfer.stage == stage, transfer__stage=stage).values == {True}
