"""What is not tried, as it was refused before, would be refused."""

from typing import Any

import pytest

from fuzz.decode import HEAD, RECORD
from fuzz.packed import Packing
from fuzz.run import Runner
from fuzz.unknown import Result
from refmodel.machines import machine
from tests.fuzz.drawn import EACH, MANY, inputs, runner


def _chooses_as_if_all_were_tried(runs: Runner, seed: int, count: int) -> int:
    """How many times an action was tried less."""
    spared = 0
    for data in inputs(seed, count, which=None):
        sizes, rounds = runs.head(data)
        course, decoder = runs.course(sizes, rounds), runs.parts(sizes).decoder
        for i in range(HEAD, len(data), RECORD):
            pair = data[i], data[i + 1]
            found = decoder.choose(course.state, *pair, course.packed)
            assert found == decoder.choose(course.state, *pair)
            spared += sum(
                course.packed & refusals.bits in refusals.values
                for kind in decoder._kinds
                for refusals in kind._refusals.values()
            )
            if found is not None:
                course.follow(*found)
    return spared


@pytest.mark.parametrize("name", MANY)
def test_what_was_refused_is_refused_again(name: str) -> None:
    assert _chooses_as_if_all_were_tried(runner(claims=False, on=name), 41, 3) > 0


@pytest.mark.parametrize("variant", EACH)
def test_also_by_wrong_variants(variant: str) -> None:
    _chooses_as_if_all_were_tried(runner(variant, claims=False), 42, 1)


def test_the_comparison_sees_what_is_refused_for_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Result.reads_before

    def blind(self: Result, end: object) -> int:
        layout = Packing(machine("seed").state, runs.head(b"")[0]).layout
        return real(self, end) & ~layout.whole("cpus.writable")

    runs = runner(claims=False)
    monkeypatch.setattr(Result, "reads_before", blind)
    with pytest.raises(AssertionError):
        _chooses_as_if_all_were_tried(runs, 41, 20)


def test_refusals_that_are_too_many_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.kinds._MOST_REFUSED", 2)
    runs = runner(claims=False)
    assert _chooses_as_if_all_were_tried(runs, 41, 5) > 0
    kinds: Any = runs.parts(runs.head(b"")[0]).decoder._kinds
    assert max(len(refusals.values) for kind in kinds for refusals in kind._refusals.values()) == 2
