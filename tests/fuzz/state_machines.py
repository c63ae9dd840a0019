"""Hypothesis state machines of any machine: a rule for each kind of step, and the same claims after each.

They share the machine's steps and the checks with the fuzzer, and nothing with its byte decoder, so that a mistake in
the decoder is not one here.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from fuzz.run import Runner
from refmodel.language import Action, Refused
from refmodel.search.seed_space import sizes_for
from refmodel.search.space import actions_of
from refmodel.state import Phase as MigrationPhase
from tests.fuzz.drawn import runner

__all__ = ["Migration", "run", "state_machine"]

SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}
ROUNDS = 1
_STEPS = 20
"""Of one run: enough for the wrong variants here, and few enough to shrink fast."""


class Migration(RuleBasedStateMachine):
    """A run of a machine. ``runs`` and the rules are given by the subclass that ``state_machine`` makes."""

    runs: Runner

    @cached_property
    def sizes(self) -> Any:
        return sizes_for(self.runs.spec, SIZES)

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.runs.spec
        self.course = self.runs.course(self.sizes, ROUNDS)
        self.actions: dict[str, list[Action]] = {name: [] for name in self.spec.steps}
        for action in actions_of(self.spec, self.sizes):
            self.actions[action.step].append(action)
        self.enabled_now: dict[str, Sequence[tuple[Action, Any]]] = {}

    @precondition(lambda self: self.course.state.phase == MigrationPhase.AFTER or not self.goes_on())
    @rule()
    def rest(self) -> None:
        """Nothing more need happen once the guest runs at the target, or can once a host is lost; something has to."""

    def goes_on(self) -> bool:
        """Some step can be taken."""
        return any(self.enabled(step) for step in self.spec.steps)

    def enabled(self, step: str) -> Sequence[tuple[Action, Any]]:
        """What of a kind of step can be taken now, each with the state after it."""
        if step not in self.enabled_now:
            found = []
            for action in self.actions[step]:
                try:
                    found.append((action, self.spec.take(self.course.state, action)))
                except Refused:
                    continue
            self.enabled_now[step] = found
        return self.enabled_now[step]

    def take(self, action: Action, after: Any) -> None:
        """Take the step; the run fails at a finding."""
        self.enabled_now = {}
        finding = self.course.follow(action, after)
        assert finding is None, f"{finding.rule} after {'; '.join(map(str, finding.actions))}"


def _rule(step: str) -> Any:
    def taken(self: Migration, data: Any) -> None:
        self.take(*data.draw(st.sampled_from(self.enabled(step))))

    taken.__name__ = step
    decorate: Any = rule(data=st.data())
    return precondition(lambda self: bool(self.enabled(step)))(decorate(taken))


def state_machine(on: str, variant: str | None = None) -> type[Migration]:
    """The steps of a machine, or of a variant of it, as rules."""
    runs = runner(variant, on=on)
    rules: dict[str, Callable[..., Any]] = {name: _rule(name) for name in runs.spec.steps}
    return type("Migration", (Migration,), {"runs": runs, **rules})


def run(machine: type[Migration], examples: int, shrink: bool = False) -> None:
    """Run so many examples; AssertionError, with the rule and the steps, at a finding, shrunk if it is to be."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    given = settings(
        max_examples=examples,
        stateful_step_count=_STEPS,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=given)
