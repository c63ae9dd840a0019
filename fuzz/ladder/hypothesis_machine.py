"""Hypothesis as an engine: a rule based state machine whose one rule draws a step's bytes, read by the same decoder."""

from itertools import count
from typing import Never

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fuzz.ladder.meter import Meter
from fuzz.mix import MOST_STEPS
from fuzz.run import Runner

__all__ = ["explore"]

_BYTE = st.integers(0, 255)


def explore(runner: Runner, start: int, meter: Meter) -> Never:
    """Run state machines until the meter ends the process; nothing is shrunk, and nothing remembered."""

    class Migration(RuleBasedStateMachine):
        @initialize(which=_BYTE, rounds=_BYTE)
        def begin(self, which: int, rounds: int) -> None:
            sizes, left = runner.head(bytes([which, rounds]))
            self.course = runner.course(sizes, left)
            self.decoder = runner.parts(sizes).decoder

        @rule(kind=_BYTE, arguments=_BYTE)
        def step(self, kind: int, arguments: int) -> None:
            found = self.decoder.choose(self.course.state, kind, arguments)
            if found is not None and self.course.follow(*found) is not None:
                meter.ran(self.course)

        def teardown(self) -> None:
            meter.ran(self.course)

    chosen = settings(
        max_examples=1_000_000_000,
        stateful_step_count=MOST_STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    meter.begin()
    for number in count(start * 1_000_000):  # it ends by itself when it thinks that it has seen everything
        run_state_machine_as_test(seed(number)(Migration), settings=chosen)
    raise AssertionError("unreachable")
