"""KVM's dirty rings: an entry's way from the fault by the reaper to the reset, and what has to wait for it."""

import pytest

from refmodel.language import Action
from refmodel.schedules.schedule import Noticed, Schedule
from refmodel.search.find import annotated
from tests.parts.logging_with_kvm import WithKvm


@pytest.fixture
def live() -> WithKvm:
    """Every page protected, none sent; rounds run."""
    return WithKvm("bare+dirty-ring").start_logging()


@pytest.fixture
def sent(live: WithKvm) -> WithKvm:
    """Every page sent once."""
    return live.send()


def test_rounds_wait_until_every_page_is_protected_and_every_cpu_flushed() -> None:
    kvm = WithKvm("bare+dirty-ring")
    kvm.do("shadow_fill", 0).do("mmu_walk", 1, 0)
    assert kvm.m.cpus.writable[1, 0]
    kvm.refuses("logging has started", "start_rounds")
    kvm.do("ring_start").do("reset_flush", 0)
    kvm.refuses("no CPU is to be flushed for what was protected", "start_rounds")
    kvm.do("reset_flush", 1).do("start_rounds")
    assert not kvm.m.cpus.writable[1, 0]


def test_a_store_waits_for_both_halves_of_an_entry(sent: WithKvm) -> None:
    guard = "an entry of the vCPU's is half written for the page"
    sent.refuses(guard, "write_fault", 0, 1, 0)
    sent.do("ring_push", 0, 1, 0)
    sent.refuses("the entry is DIRTY", "reap_flag", 0, 0)
    sent.refuses(guard, "write_fault", 1, 1, 0)
    sent.do("write_fault", 0, 1, 0).store(0, 1, 2)
    assert sent.spec.is_marked(sent.m, 1)


def test_a_mark_goes_from_ring_to_bitmap_to_what_is_owed(sent: WithKvm) -> None:
    sent.fault(0, 1, 0).store(0, 1, 2).reap(0, 0)
    assert sent.m.reaper.collected.members() == [1]
    assert sent.spec.permits(sent.m, 1), "until the reset"
    sent.refuses("all that was read has been reset", "next_round")
    sent.do("reset_entry", 0, 0)
    sent.refuses("no CPU is to be flushed for a reset", "next_round")
    sent.each_cpu("reset_flush").do("next_round")
    assert sent.m.rounds.to_send.members() == [1]
    assert not sent.spec.permits(sent.m, 1)
    sent.send()


def test_a_full_ring_makes_its_vcpu_wait_and_no_other(sent: WithKvm) -> None:
    sent.fault(0, 0, 0).fault(0, 1, 1)
    for entry in (0, 1):
        sent.refuses("the entry is free", "ring_push", 0, 2, entry)
    sent.reap(0, 1)
    sent.refuses("the entry is free", "ring_push", 0, 2, 1)
    sent.do("ring_push", 1, 2, 0).do("reset_entry", 0, 1).do("ring_push", 0, 2, 1)


def test_a_page_written_again_before_its_reset_is_protected_by_the_reset(sent: WithKvm) -> None:
    sent.fault(0, 1, 0).store(0, 1, 2).reap(0, 0).do("guest_store", 0, 1, 0, 3).do("reset_entry", 0, 0)
    sent.do("guest_store", 0, 1, 0, 1)
    sent.each_cpu("reset_flush")
    sent.refuses("the TLB has a writable entry for the page", "guest_store", 0, 1, 0, 2)
    sent.do("next_round").send(1)


def test_the_rings_are_drained_before_the_last_harvest(sent: WithKvm) -> None:
    sent.fault(0, 1, 0).fault(1, 2, 1).store(1, 2, 3).do("pause")
    sent.refuses("no other writer is at work", "final_harvest")
    sent.reap(0, 0)
    sent.refuses("no other writer is at work", "final_harvest")
    sent.reap(1, 1).reset((0, 0), (1, 1)).finish()
    assert sent.m.target.memory[2, 0] == 3


def test_a_fault_that_was_overtaken_begins_anew(sent: WithKvm) -> None:
    sent.do("ring_push", 0, 0, 0).do("guest_map", 0, 1, True, True)
    sent.refuses("an entry of the vCPU's is half written for the page", "write_fault", 0, 0, 0)
    sent.fault(0, 0, 1)
    assert sent.spec.is_marked(sent.m, 1)
    assert not sent.spec.is_marked(sent.m, 0)


def test_the_reaper_may_come_before_the_first_round_is_over(live: WithKvm) -> None:
    live.fault(0, 1, 0).reap(0, 0).send(1)
    assert live.spec.is_marked(live.m, 1), "what the reaper has read waits for the next sync"
    live.reset((0, 0)).send().do("next_round")
    assert live.m.rounds.to_send.members() == [1]


def test_an_abort_empties_the_rings(sent: WithKvm) -> None:
    sent.fault(0, 1, 0).fault(1, 2, 0).reap(0, 0).do("abort")
    assert sent.m.ring.dirty.is_empty
    assert sent.m.ring.reset.is_empty
    assert sent.spec.permits(sent.m, 0)


TWO_PAGES = {"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "entry": 1}
HANDED_BACK_TOO_EARLY = """
    begin  send_configuration  guest_map 0 0 1 0  enter_shadow 0  ring_start
    ring_push 0 0 0  write_fault 0 0 0  reap_flag 0 0  reset_flush 0  start_rounds
    transfer_clear 0  transfer_read 0  transfer_done
    mmu_walk 0 0  reset_entry 0 0  guest_store 0 0 0 1  reset_flush 0
    guest_map 0 1 1 0  ring_push 0 0 0  pause  reap_payload  reset_entry 0 0  reset_flush 0
    final_harvest  transfer_clear 1  transfer_read 0  transfer_done
    send_registers 0  send_table  commit  acknowledge  activate
"""


def test_an_entry_that_is_handed_back_before_it_is_read_loses_its_page() -> None:
    """QEMU ``52281c6d11`` [D], to what the guest notices: the search finds the broken claim, this is beyond it."""
    actions = []
    for line in HANDED_BACK_TOO_EARLY.split("\n"):
        for said in filter(None, line.strip().split("  ")):
            step, *arguments = said.split()
            actions.append(Action(step, tuple(map(int, arguments))))
    found = annotated(Schedule("bare+dirty-ring", "ring-reset-first", TWO_PAGES, 0, tuple(actions)))
    assert found.broken is not None
    assert found.noticed == Noticed("a load at the target of pfn 0 word 0 returns 0; the last store was 1", 32)
