"""What is kept from one state to the next is what asking again would give."""

from random import Random
from typing import Any

import pytest

from fuzz.abstraction import abstraction_of
from fuzz.decode import HEAD, RECORD
from fuzz.kept import kept, leaves_read, remembered
from fuzz.packed import Packing
from fuzz.run import Course
from refmodel.machines import machine
from tests.fuzz.drawn import MANY, inputs, runner

SIZES = {"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 2}


class _Run:
    """A run that comes to the states that it is told to."""

    def __init__(self, start: Any) -> None:
        self.packing = Packing(type(start), SIZES)
        self.state, self.packed = start, self.packing.first(start)
        self.before = self.changed = -1

    def at(self, m: Any) -> "_Run":
        self.before, self.packed = self.packed, self.packing.first(m)
        self.state, self.changed = m, self.packing.cells(self.before ^ self.packed)
        return self


def test_a_function_is_called_again_where_a_cell_that_it_reads_is_another() -> None:
    asked: list[str] = []

    def left(m: Any) -> int:
        asked.append("left")
        return int(m.rounds.left)

    def page(m: Any) -> int:
        asked.append("page")
        return 100 * int(m.transfer.page)

    both = kept([(["rounds.left", "transfer.page"], left), (["transfer.page"], page)])
    m: Any = machine("seed").start(SIZES)
    run = _Run(m)
    assert both(run) == both(run.at(m.but(log=m.log.but(dirty=m.log.dirty.add(0))))) == m.rounds.left
    assert asked == ["left", "page"]
    more = m.but(rounds=m.rounds.but(left=m.rounds.left + 1))
    assert both(run.at(more)) == m.rounds.left + 1
    assert both(run.at(more.but(transfer=more.transfer.but(page=1)))) == m.rounds.left + 101
    assert asked == ["left", "page", "left", "left", "page"]
    asked.clear()
    assert both(_Run(more)) == m.rounds.left + 1  # another run
    run.at(more)
    assert both(run.at(m)) == m.rounds.left  # one that went on unseen
    assert asked == ["left", "page"] * 2


def test_an_answer_is_remembered_for_what_is_read_and_for_how_many_pages_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec, asked = machine("bare"), list[int]()
    marked = spec.is_marked

    def heard(m: Any, page: int) -> bool:
        asked.append(page)
        return marked(m, page)

    monkeypatch.setattr(spec, "is_marked", heard, raising=False)
    paths, of = remembered(spec, "is_marked", lambda page: 1 << page)
    assert set(paths) == {"log.dirty", "rounds.to_send"}
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


@pytest.mark.parametrize("name", ["seed", *MANY])
def test_a_state_looks_the_same_whatever_was_looked_at_before(name: str) -> None:
    runs, order = runner(claims=False, on=name), Random(3)
    abstract = abstraction_of(runs.spec)
    courses: list[Course] = []
    for data in inputs(9, 4, which=None):
        sizes, rounds = runs.head(data)
        course, decoder = runs.course(sizes, rounds), runs.parts(sizes).decoder
        for i in range(HEAD, len(data), RECORD):
            found = decoder.choose(course.state, data[i], data[i + 1])
            if found is not None:
                course.follow(*found)
                courses.append(course.copied())
                assert abstract.read(abstract.look(course)) == abstract.read(abstract.of(course.state))
    order.shuffle(courses)
    for course in courses:
        assert abstract.look(course) == abstract.of(course.state)
