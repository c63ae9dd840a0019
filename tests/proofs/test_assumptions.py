"""What is not proved is said: by machine, in names of parts that exist, with what real systems made of it."""

from pathlib import Path

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
    assert "only vCPUs write" not in names("bare+hypervisor-writes")
    assert "backends unmap, or are known, before the last harvest" in names("bare+grants")
    assert "backends unmap, or are known, before the last harvest" not in names("seed")
    assert "the guest's table travels at the stop" not in names("bare+guest-tables")
    assert "a wire that was lost is found again" in names("kvm-qemu+postcopy")
    assert "a wire that was lost is found again" not in names("kvm-qemu")


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_takes_something_for_granted(name: str) -> None:
    assert {"memory is sequentially consistent", "solver and lifting are right"} <= names(name)


def test_what_a_wire_of_its_own_does_is_not_taken_for_granted() -> None:
    for wire in ("channels", "fifo-wire", "incremental", "protect-at-harvest+checkpoints"):
        assert "the wire is one step" not in names(f"bare+{wire}")
        assert "what is on its way is not altered" in names(f"bare+{wire}")
    assert "the wire is one step" in names("bare+zero-pages")
    assert "what is on its way is not altered" not in names("seed")


def test_the_readme_has_what_the_seed_machine_takes_for_granted_and_what_does_away_with_it() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    rows = text.partition("| assumption | goes with |\n| --- | --- |\n")[2].partition("\n\n")[0].splitlines()
    told = [row.strip("| ").split(" | ") for row in rows]
    seed = assumed(machine("seed"))
    assert told == [[a.name, ", ".join(f"`{part}`" for part in a.goes_with) or "none"] for a in seed]


def test_the_promise_alone_has_no_parts() -> None:
    assert "only vCPUs write" in {assumption.name for assumption in assumed(Promise())}
