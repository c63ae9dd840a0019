"""What may happen at every step can: hosts and wire are lost, a migration is given up. Proved, for any size."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import z3

from proofs.lifting.terms import expression
from proofs.obligations import theory_of
from proofs.progress import NEVER_STUCK, Progress
from proofs.prove import prove_all
from refmodel.compose import patched
from refmodel.handover.failures import Failures
from refmodel.language import need, neg
from refmodel.machines import MACHINES, machine
from refmodel.migration import AnyMachine
from refmodel.seed import Bare
from refmodel.state import Phase


def has_begun(spec: Any, m: Any) -> Any:
    """A migration runs, or has brought the guest to a target; or the target could still start it alone."""
    return spec.is_under_way(m) | spec.has_enough(m)


AT: Mapping[str, Callable[[Any, Any], Any]] = {
    "lose_wire": lambda spec, m: has_begun(spec, m) & neg(m.failed.wire),
    "lose_source": lambda spec, m: has_begun(spec, m) & neg(m.failed.source),
    "lose_target": lambda spec, m: has_begun(spec, m) & neg(m.failed.target),
    "abort": lambda spec, m: spec.is_migrating(m) & (neg(spec.has_enough(m)) | neg(m.failed.wire) | spec.is_fenced(m)),
}
"""When the step has to be possible: giving up, until the commit, unless the target could start and does not hear it."""


def is_possible(spec: AnyMachine, step: str) -> bool:
    """In every state in which it has to be."""
    theory = theory_of(spec)
    enabled, known = Progress(spec).enabled(theory.before, [spec.steps[step]])
    solver = z3.SimpleSolver()
    solver.set(timeout=20_000)
    solver.add(*(formula for _, formula in theory.hypotheses), *known)
    solver.add(expression(AT[step](spec, theory.before)), z3.Not(expression(enabled)))
    found = solver.check()
    assert found != z3.unknown
    return bool(found == z3.unsat)


@pytest.mark.parametrize("name", [name for name in MACHINES if isinstance(machine(name), Failures)])
@pytest.mark.parametrize("step", AT)
def test_wire_and_hosts_may_be_lost_and_a_migration_given_up_at_every_step(name: str, step: str) -> None:
    assert is_possible(machine(name), step)


class CommitsByNumber(Bare):
    def commit(self, m: Any) -> Any:
        """No page is owed: none, counted."""
        need(m.rounds.to_send.size <= 0, "no page is owed")
        return super().commit(m)


class CommitsByFew(Bare):
    def commit(self, m: Any) -> Any:
        """A number of which nothing is known where the set has a member."""
        need(m.log.dirty.filled().size <= 1, "there is one page at most")
        return super().commit(m)


def test_a_guard_may_ask_for_a_number() -> None:
    assert not prove_all(CommitsByNumber(), chapters=(Progress(CommitsByNumber()),)).not_proved
    [(_, record)] = prove_all(CommitsByFew(), chapters=(Progress(CommitsByFew()),)).not_proved
    assert record.claim == NEVER_STUCK


class SparesTheTarget(Failures[Any]):
    def lose_target(self, m: Any) -> Any:
        """Once the source has died, the target does not, until it has taken over."""
        need(self.is_under_way(m) | (m.phase == Phase.AFTER), "a migration has begun")
        return super().lose_target(m)


class SparesTheSource(Failures[Any]):
    def lose_source(self, m: Any) -> Any:
        """Between the commit and the target's start the source does not die."""
        need(neg(self.is_committed(m)), "the source has not committed")
        return super().lose_source(m)


class GoesThroughWithIt(Failures[Any]):
    def abort(self, m: Any) -> Any:
        """A guest that stands still is not given back."""
        need(m.hand_over.source_runs, "the source runs")
        return super().abort(m)


@pytest.mark.parametrize(
    ("name", "patch", "step"),
    [
        ("remus", SparesTheTarget, "lose_target"),
        ("seed", SparesTheSource, "lose_source"),
        ("seed", GoesThroughWithIt, "abort"),
    ],
)
def test_a_step_at_which_it_may_not_is_found(name: str, patch: type[Any], step: str) -> None:
    assert not is_possible(patched(name, patch.__name__, patch)(), step)
