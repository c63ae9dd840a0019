"""The ranking runs on concrete states too: over random runs it falls with the engine and never rises."""

import random

from proofs.ranking import LEFT_TO_DO, closer, is_over, is_running, no_further
from refmodel.language import Action, Actor, Refused
from refmodel.language.sorts import domain
from refmodel.seed import Seed
from refmodel.seed import SeedState as Machine
from refmodel.state import Phase

SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 2, "value": 2}


def _try(spec: Seed, m: Machine, choice: random.Random, names: list[str]) -> tuple[Action, Machine] | None:
    step = spec.steps[choice.choice(names)]
    action = Action(step.name, tuple(choice.choice(domain(sort, SIZES)) for _, sort in step.parameters))
    try:
        return action, spec.take(m, action)
    except Refused:
        return None


def test_a_random_run_ends_and_only_the_engine_brings_it_closer() -> None:
    spec = Seed()
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
                    assert closer(m, after) if is_engine else no_further(m, after), action
                m = after
            taken += 1
        assert is_over(m)


def test_closer_is_irreflexive_and_no_further_reflexive() -> None:
    m = Seed().start(SIZES)
    assert not closer(m, m)
    assert no_further(m, m)


def test_every_part_of_the_work_is_named() -> None:
    assert len({work.what for work in LEFT_TO_DO}) == len(LEFT_TO_DO)
