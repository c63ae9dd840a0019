"""The named machines under Hypothesis: nothing is found in them, and a wrong variant of each is found and shrunk."""

import pytest

from refmodel.compose import CHOICES
from refmodel.search.seed_space import sizes_for
from refmodel.search.space import actions_of
from tests.fuzz.drawn import runner
from tests.fuzz.state_machines import ROUNDS, SIZES, run, state_machine

WRONG = [
    ("seed", "cpu-keeps-root", "every_cpu_walks_the_shadow", 6),
    ("xen", "switch-after-protecting", "while_the_mode_is_off", 3),
    ("xen-2005", "abort-leaves-paused", "no_vcpu_is_held_by_the_log", 2),
    ("kvm-qemu", "switch-after-protecting", "while_the_mode_is_off", 2),
    ("kvm-qemu-multifd", "switch-after-protecting", "while_the_mode_is_off", 2),
    ("kvm-qemu-xbzrle", "switch-after-protecting", "while_the_mode_is_off", 2),
    ("postcopy", "switch-after-protecting", "while_the_mode_is_off", 2),
    ("kvm-qemu-ring", "switch-after-protecting", "while_the_mode_is_off", 3),
    ("remus", "switch-after-protecting", "while_the_mode_is_off", 2),
]
"""A wrong variant on each machine, the claim that breaks, and the most steps that it is shrunk to."""
MORE = [
    ("seed", "activate-early", "starts_only_once_it_has_acknowledged", 5),
    ("xen", "log-outlives-abort", "the_mode_is_off_or_to_be_torn_down", 4),
    ("xen-2005", "cpu-keeps-root", "every_cpu_walks_the_shadow", 9),
    ("kvm-qemu", "enable-keeps-mappings", "only_where_the_log_permits", 5),
    ("kvm-qemu-ring", "log-outlives-abort", "the_mode_is_off", 4),
    ("kvm-qemu-ring", "ring-flag-first", "writes_only_free_entries", 5),
]


@pytest.mark.parametrize("on", CHOICES)
def test_nothing_is_found_in_a_named_machine(on: str) -> None:
    run(state_machine(on), 12)


@pytest.mark.slow
@pytest.mark.parametrize("on", CHOICES)
def test_nothing_is_found_in_a_named_machine_for_longer(on: str) -> None:
    run(state_machine(on), 1000)


def is_found_and_shrunk(on: str, variant: str, claim: str, most: int) -> None:
    """What is found can be taken step by step, and breaks the same claim with its last step."""
    with pytest.raises(AssertionError, match=claim) as failure:
        run(state_machine(on, variant), 300, shrink=True)
    rule, _, said = str(failure.value).split("\n")[0].partition(" after ")
    steps = said.split("; ")
    assert len(steps) <= most
    runs = runner(variant, on=on)
    sizes = sizes_for(runs.spec, SIZES)
    by_name = {str(action): action for action in actions_of(runs.spec, sizes)}
    course = runs.follow(sizes, ROUNDS, [by_name[step] for step in steps])
    assert course.finding is not None
    assert (course.finding.rule, len(course.finding.actions)) == (rule, len(steps))


def test_one_of_each_named_machine_is_among_them() -> None:
    assert {on for on, *_ in WRONG} == set(CHOICES)


@pytest.mark.parametrize(("on", "variant", "claim", "most"), WRONG)
def test_a_wrong_variant_is_found_and_shrunk(on: str, variant: str, claim: str, most: int) -> None:
    is_found_and_shrunk(on, variant, claim, most)


@pytest.mark.slow
@pytest.mark.parametrize(("on", "variant", "claim", "most"), MORE)
def test_others_that_take_longer_are_too(on: str, variant: str, claim: str, most: int) -> None:
    is_found_and_shrunk(on, variant, claim, most)
