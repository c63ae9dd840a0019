"""A writer with no vCPU beside dirty rings: its mark is in no ring, and is read once, at the end."""

import pytest

from proofs.obligations import Induction
from proofs.prove import prove_all
from refmodel.machines import machine
from tests.parts.logging_with_kvm import WithKvm


@pytest.fixture
def sent() -> WithKvm:
    """Every page sent once."""
    return WithKvm("bare+backup-bitmap").start_logging().send()


def test_its_mark_waits_for_the_last_harvest(sent: WithKvm) -> None:
    sent.do("write_without_vcpu", 2, 0, 3).do("mark_without_vcpu", 2).do("next_round")
    assert sent.m.rounds.to_send.is_empty
    assert sent.spec.is_marked(sent.m, 2)
    sent.do("pause").finish()
    assert sent.m.target.memory[2, 0] == 3


def test_the_last_harvest_waits_for_its_mark(sent: WithKvm) -> None:
    sent.do("write_without_vcpu", 2, 0, 3).do("pause")
    sent.refuses("no other writer is at work", "final_harvest")
    sent.do("mark_without_vcpu", 2).finish()
    assert sent.m.target.memory[2, 0] == 3


def test_nobody_writes_once_the_source_stands_still(sent: WithKvm) -> None:
    sent.do("pause").refuses("a migration has begun and the guest runs", "write_without_vcpu", 0, 0, 1)


def test_rings_alone_are_not_enough_for_writers_that_have_none() -> None:
    """Linux ``86bdf3ebcfe1`` [P]: with a hypervisor that writes, the claim that rings are all there is fails."""
    spec = machine("bare+dirty-ring+hypervisor-writes")
    alone = prove_all(spec, chapters=(Induction(spec),), only=("the_rings_are_all_the_log_that_there_is",))
    assert {record.step for _, record in alone.not_proved} >= {"hypervisor_mark"}
