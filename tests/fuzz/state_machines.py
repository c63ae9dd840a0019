"""Hypothesis state machines of any machine: its steps by rules, and the same claims after each.

They share the machine's steps, the checks and the mix with the fuzzer, and nothing with its byte decoder, so that a
mistake in the decoder is not one here.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from fuzz.mix import OPENING, weight
from fuzz.run import Runner
from refmodel.language import Action, Actor, Refused
from refmodel.search.seed_space import sizes_for
from refmodel.search.space import actions_of
from refmodel.state import Phase as MigrationPhase
from tests.fuzz.drawn import runner

__all__ = ["Migration", "run", "state_machine"]

SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}
ROUNDS = 1
_STEPS = 40
"""Of one run: enough for a whole migration of the smallest machine, and few enough to shrink fast."""


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
        self.enabled_now: dict[str, Mapping[Action, Any]] = {}

    @precondition(lambda self: self.course.state.phase == MigrationPhase.AFTER or not self.goes_on())
    @rule()
    def rest(self) -> None:
        """Nothing more need happen once the guest runs at the target, or can once a host is lost; something has to."""

    def goes_on(self) -> bool:
        """Some step can be taken."""
        return any(self.enabled(step) for step in self.spec.steps)

    def enabled(self, step: str) -> Mapping[Action, Any]:
        """What of a kind of step can be taken now, each with the state after it."""
        if step not in self.enabled_now:
            found = {}
            for action in self.actions[step]:
                with suppress(Refused):
                    found[action] = self.spec.take(self.course.state, action)
            self.enabled_now[step] = found
        return self.enabled_now[step]

    def take(self, action: Action, after: Any) -> None:
        """Take the step; the run fails at a finding."""
        self.enabled_now = {}
        finding = self.course.follow(action, after)
        assert finding is None, f"{finding.rule} after {'; '.join(map(str, finding.actions))}"


def _rule(who: str, kinds: Sequence[str]) -> Any:
    """One of these kinds of step that can be taken, as often as the mix says.

    What is drawn names the same step whatever else can be taken, so that shrinking may leave out what comes before.
    """
    weighted = [kind for kind in kinds for _ in range(weight(kind))]

    def taken(self: Migration, data: Any) -> None:
        kind = data.draw(st.sampled_from(weighted).filter(self.enabled))
        action = data.draw(st.sampled_from(self.actions[kind]).filter(self.enabled(kind).__contains__))
        self.take(action, self.enabled(kind)[action])

    taken.__name__ = who
    decorate: Any = rule(data=st.data())
    return precondition(lambda self: any(self.enabled(kind) for kind in kinds))(decorate(taken))


def state_machine(on: str, variant: str | None = None) -> type[Migration]:
    """The steps of a machine, or of a variant of it, as two rules: the engine's, which get anywhere, and all others.

    With a rule for each kind most runs end before they have begun: in every run Hypothesis leaves some rules out, and
    draws one that gives up as often as one that goes on. Of 300 runs of ``xen-2005`` none came to its first round.
    """
    runs = runner(variant, on=on)
    steps = runs.spec.steps
    engine = [name for name, step in steps.items() if step.actor is Actor.ENGINE or name in OPENING]
    others = [name for name in steps if name not in engine]
    rules = {"engine": _rule("engine", engine), "others": _rule("others", others)}
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
