"""A Hypothesis state machine of the seed machine: a rule for each kind of step, and the same claims after each.

It shares nothing with the byte decoder, so that a mistake in the decoder is not one here.
"""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from fuzz.run import Runner
from refmodel.language import Action, Refused, Step
from refmodel.language.sorts import domain
from refmodel.state import Phase as MigrationPhase
from tests.fuzz.drawn import runner

SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}


class Migration(RuleBasedStateMachine):
    """A run of a machine. ``runs`` and the rules are given by the subclass that ``state_machine`` makes."""

    runs: Runner

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.runs.spec
        self.course = self.runs.course(SIZES, 1)

    @precondition(lambda self: self.course.state.phase == MigrationPhase.AFTER)
    @rule()
    def rest(self) -> None:
        """Nothing more need happen once the guest runs at the target, and Hypothesis wants something to do."""

    def take(self, action: Action) -> None:
        """Take the action if it is enabled; the run fails at a finding."""
        try:
            after = self.spec.take(self.course.state, action)
        except Refused:
            return
        finding = self.course.follow(action, after)
        assert finding is None, f"{finding.rule} after {', '.join(map(str, finding.actions))}"


def _rule(step: Step) -> Any:
    arguments: Mapping[str, Any] = {name: st.sampled_from(list(domain(sort, SIZES))) for name, sort in step.parameters}
    names = [name for name, _ in step.parameters]

    def taken(self: Migration, **given: Any) -> None:
        self.take(Action(step.name, tuple(given[name] for name in names)))

    taken.__name__ = step.name
    decorate: Any = rule(**arguments)  # its types are for functions that are written out
    return precondition(_enabled(step))(decorate(taken))


def _enabled(step: Step) -> Callable[[Migration], bool]:
    """The kind is not refused for every choice of its arguments: keeps the runs moving."""
    choices = list(product(*(domain(sort, SIZES) for _, sort in step.parameters)))

    def enabled(self: Migration) -> bool:
        function = getattr(self.spec, step.name)
        for arguments in choices:
            try:
                function(self.course.state, *arguments)
            except Refused:
                continue
            return True
        return False

    return enabled


def state_machine(variant: str | None = None) -> type[Migration]:
    """The machine's steps as rules."""
    runs = runner(variant)
    rules = {name: _rule(step) for name, step in runs.spec.steps.items()}
    return type("Migration", (Migration,), {"runs": runs, **rules})


def _settings(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )


def test_nothing_is_found_in_the_seed_machine() -> None:
    run_state_machine_as_test(state_machine(), settings=_settings(100, Phase.generate))


@pytest.mark.parametrize(
    ("variant", "rule_name"), [("cpu-keeps-root", "every_cpu_walks_the_shadow"), ("activate-early", "target")]
)
def test_a_wrong_variant_is_found_and_shrunk(variant: str, rule_name: str) -> None:
    with pytest.raises(AssertionError, match=rule_name) as failure:
        run_state_machine_as_test(state_machine(variant), settings=_settings(200, Phase.generate, Phase.shrink))
    steps = str(failure.value).split(" after ")[1].split("\n")[0].split("), ")
    assert len(steps) <= 8
