"""What is not proved is said: by machine, in names of parts that exist, with what real systems made of it."""

import pytest

from proofs.assumptions import ASSUMPTIONS, assumed
from refmodel.machines import MACHINES, machine
from refmodel.parts import PARTS
from refmodel.promise import Promise


def names(machine_name: str) -> set[str]:
    return {assumption.name for assumption in assumed(machine(machine_name))}


def test_assumptions_speak_of_parts_that_exist() -> None:
    named = {name for each in ASSUMPTIONS for name in (*each.goes_with, *each.comes_with)}
    assert named <= set(PARTS)


def test_an_assumption_goes_with_the_part_that_does_away_with_it() -> None:
    assert "only vCPUs write" in names("seed")
    assert "only vCPUs write" not in names("seed+hypervisor-writes")
    assert "backends unmap, or are known, before the last harvest" in names("seed+grants")
    assert "backends unmap, or are known, before the last harvest" not in names("seed")
    assert "the guest's table travels at the stop" not in names("seed+guest-tables")
    assert "a wire that was lost is found again" in names("kvm-qemu+postcopy")
    assert "a wire that was lost is found again" not in names("kvm-qemu")


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_takes_something_for_granted(name: str) -> None:
    assert {"memory is sequentially consistent", "solver and lifting are right"} <= names(name)


def test_the_promise_alone_has_no_parts() -> None:
    assert "only vCPUs write" in {assumption.name for assumption in assumed(Promise())}
