import pytest

from fuzz.run import Finding, Runner
from fuzz.shrink import _attempts, _fits, _measure, shrink
from tests.fuzz.drawn import runner, walked


def shrunk(variant: str, seed: int = 1) -> tuple[Runner, Finding]:
    runs = runner(variant)
    finding = walked(runs, seed, 1000)
    assert finding is not None
    return runs, shrink(runs, finding)


@pytest.mark.parametrize(
    ("variant", "steps"), [("no-flush", 11), ("flush-one-cpu", 12), ("clear-after-read", 11), ("resume-after-ack", 13)]
)
def test_a_finding_is_shrunk_to_a_local_minimum_of_the_same_rule(variant: str, steps: int) -> None:
    runs, small = shrunk(variant)
    assert len(small.actions) <= steps
    for attempt in _attempts(runs.spec, small):
        if _fits(runs.spec, attempt):
            found = runs.follow(attempt.sizes, attempt.rounds, attempt.actions).finding
            assert found is None or found.rule != small.rule or _measure(found) >= _measure(small)


def test_shrinking_is_deterministic_and_idempotent() -> None:
    runs, small = shrunk("fill-writable")
    assert shrunk("fill-writable")[1] == small
    assert shrink(runs, small) == small
