"""The ranking runs on concrete states too: over random runs it falls with the engine and never rises."""

import random
from itertools import combinations
from typing import Any

import pytest
import z3
from attrs import evolve

from proofs import rankings
from proofs.ending import CLOSER, Termination
from proofs.lifting.terms import expression
from proofs.obligations import theory_of
from proofs.progress import Progress
from proofs.prove import prove_all
from proofs.ranking import Ahead, Places, closer, is_over, is_running, no_further
from proofs.rankings import is_ranked, ranking_of
from refmodel.compose import CHOICES, patched
from refmodel.language import Action, Actor, Refused, engine, need
from refmodel.language.sorts import domain
from refmodel.machines import machine
from refmodel.migration import AnyMachine
from refmodel.rounds.rounds import MigrationRounds
from refmodel.rounds.xen_policy import XenRounds
from refmodel.seed import Bare
from refmodel.seed import BareState as Machine
from refmodel.state import Phase

LEFT_TO_DO = ranking_of(Bare()).left_to_do
SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 2, "value": 2}


def _try(spec: Bare, m: Machine, choice: random.Random, names: list[str]) -> tuple[Action, Machine] | None:
    step = spec.steps[choice.choice(names)]
    action = Action(step.name, tuple(choice.choice(domain(sort, SIZES)) for _, sort in step.parameters))
    try:
        return action, spec.take(m, action)
    except Refused:
        return None


def test_a_random_run_ends_and_only_the_engine_brings_it_closer() -> None:
    spec = Bare()
    names = [name for name in spec.steps if name not in ("abort", "pause")]
    for seed in range(5):
        choice = random.Random(seed)
        m = spec.start(SIZES)
        m = m.but(rounds=m.rounds.but(left=2))
        taken = 0
        while not is_over(m) and taken < 20_000:
            idle = m.rounds.left == 0 and m.rounds.to_send.is_empty
            ready = idle or (m.phase == Phase.LIVE and not m.hand_over.configured)
            found = _try(spec, m, choice, [*names, "pause"] if ready else names)
            if found:
                action, after = found
                if is_running(m):
                    is_engine = spec.steps[action.step].actor is Actor.ENGINE
                    assert (closer if is_engine else no_further)(m, after, LEFT_TO_DO), action
                m = after
            taken += 1
        assert is_over(m)


def test_closer_is_irreflexive_and_no_further_reflexive() -> None:
    m = Bare().start(SIZES)
    assert not closer(m, m, LEFT_TO_DO)
    assert no_further(m, m, LEFT_TO_DO)


def test_every_part_of_the_work_is_named() -> None:
    for name in CHOICES:
        named = [work.what for work in ranking_of(machine(name)).left_to_do]
        assert len(set(named)) == len(named)


def overlapping(places: Places, name: str) -> list[tuple[int, int]]:
    """Which two of the places can both hold, in any state whatever: then less could be left again and again."""
    found = [expression(place) for place in places.of(theory_of(machine(name)).before)]
    solver = z3.SimpleSolver()
    return [(i, j) for i, j in combinations(range(len(found)), 2) if solver.check(found[i], found[j]) != z3.unsat]


def test_of_places_at_most_one_holds() -> None:
    works = [(work, name) for name in CHOICES for work in ranking_of(machine(name)).left_to_do]
    places = [(work, name) for work, name in works if isinstance(work, Places)]
    assert {"xen", "xen-2005", "remus"} <= {name for _, name in places}
    assert [overlapping(work, name) for work, name in places] == [[]] * len(places)
    both = Places("the end, and all but a pause", lambda m: (m.phase == Phase.AFTER, m.phase != Phase.PAUSED))
    assert overlapping(both, "bare") == [(0, 1)]


class GoesBack(MigrationRounds[Any]):
    @engine
    def go_back(self, m: Any) -> Any:
        """From the rounds to the setup, which leads to the rounds."""
        need(m.phase == Phase.LIVE, "rounds run")
        return m.but(phase=Phase.SETUP)


def test_to_and_fro_between_places_that_overlap_is_no_way_on(monkeypatch: pytest.MonkeyPatch) -> None:
    to_and_fro = Places(
        "the setup, the rounds, and either",
        lambda m: (setup := m.phase == Phase.SETUP, live := m.phase == Phase.LIVE, setup | live),
    )
    ranking = evolve(ranking_of(Bare()), left_to_do=(to_and_fro, *LEFT_TO_DO[1:]))
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: ranking)
    spec = patched("bare", "goes-back", GoesBack)()
    report = prove_all(spec, chapters=(Termination(spec),), only=[CLOSER])
    assert {"go_back"} == {record.step for _, record in report.not_proved} & {"go_back", "start_rounds"}


def test_a_way_that_comes_to_a_place_again_is_refused() -> None:
    with pytest.raises(ValueError, match="has no end"):
        Ahead("there and back", lambda m: m.phase, (Phase.SETUP, Phase.LIVE, Phase.SETUP))


def unproved(spec: AnyMachine) -> set[str]:
    report = prove_all(spec, chapters=(Termination(spec), Progress(spec)))
    return {record.step for _, record in report.not_proved}


def test_of_every_named_machine_it_is_said_what_ends() -> None:
    assert all(is_ranked(machine(name)) for name in CHOICES)


SLOW = ("xen", "kvm-qemu", "kvm-qemu-ring")


@pytest.mark.parametrize("name", ["xen-2005", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_an_answer_or_a_delay_that_is_not_excepted_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = ranking_of(machine(name))
    bare = evolve(ranking, answers={}, looks={}, delays={})
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    excepted = {*ranking.answers, *ranking.looks, *ranking.delays}
    assert unproved(machine(name)) == excepted


def test_a_machine_whose_operator_cannot_find_out_is_found_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = evolve(ranking_of(machine("xen-2005")), settled_by=("resume_source",))
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: ranking)
    assert unproved(machine("xen-2005")) == {"engine"}


class OwesItAgain(XenRounds[Any]):
    def round_over(self, m: Any) -> Any:
        """A round that is over begins again."""
        after = super().round_over(m)
        return after.but(policy=after.policy.but(counted=True))


@pytest.mark.slow
def test_a_round_that_never_ends_is_found() -> None:
    assert "round_over" in unproved(patched("xen", "owes-it-again", OwesItAgain)())
