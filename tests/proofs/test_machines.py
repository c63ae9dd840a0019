"""Every named machine, and the bare one with each further part, is proved: quickly, and whatever the solver's seed."""

import pytest

from proofs.cross_check import Opinion
from proofs.prove import prove_all
from proofs.report import Report
from proofs.solve import Options, Verdict
from refmodel.compose import CHOICES
from refmodel.machines import MACHINES, ONE_BY_ONE, machine

TOGETHER = [
    "xen+pv-tables",
    "xen-2005+pv-tables",
    "bare+fifo-wire+pv-tables",
    "bare+late-buffer+delta-cache+zero-pages",
    "kvm-qemu+postcopy",
    "xen+postcopy",
    *(f"{name}+second-hop" for name in CHOICES),
]
"""Parts that look at the same steps: what a word is on the wire, when it is read, what a loss and a second migration
leave of it."""


def failures(report: Report) -> list[str]:
    return [f"{record.group}: {record.name} {record.verdict.value}" for _, record in report.not_proved]


@pytest.mark.parametrize("name", MACHINES)
def test_a_named_machine_is_proved_in_seconds(name: str) -> None:
    report = prove_all(machine(name))
    assert failures(report) == []
    assert report.seconds < 15
    assert report.slowest.seconds < 2


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_a_part_alone_is_proved(name: str) -> None:
    report = prove_all(machine(name))
    assert failures(report) == []
    assert report.slowest.seconds < 2


@pytest.mark.slow
@pytest.mark.parametrize("name", TOGETHER)
def test_parts_that_look_at_the_same_steps_go_together(name: str) -> None:
    assert failures(prove_all(machine(name))) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
@pytest.mark.parametrize("name", MACHINES)
def test_ten_seeds_give_the_same_verdicts(name: str, seed: int) -> None:
    assert failures(prove_all(machine(name), options=Options(seed=seed))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", MACHINES)
def test_a_second_solver_agrees_on_nearly_all_and_disagrees_on_nothing(name: str) -> None:
    report = prove_all(machine(name), cross_check=True)
    assert report.disagreements == []
    assert set(report.verdicts) == {Verdict.PROVED}
    assert report.opinions[Opinion.AGREES] >= 0.95 * len(report.records)


@pytest.mark.parametrize("name", MACHINES)
def test_every_named_machine_may_be_given_up_and_lose_wire_source_and_target(name: str) -> None:
    assert {"abort", "reservation_refused", "lose_wire", "lose_source", "lose_target"} <= machine(name).steps.keys()
