"""Protection at harvest, by hand: the mark is the permission, CLEAN takes it away, and no vCPU runs meanwhile."""

import pytest

from tests.parts.harvesting import Harvesting

HELD = "bare+protect-at-harvest"
UNPAUSED = "bare+harvest-unpaused"


def test_a_page_is_entered_read_only_until_it_is_marked() -> None:
    d = Harvesting(HELD).set_up((0, 2))
    d.do("shadow_fill", 0)
    assert not d.m.shadow.writable[0]
    d.do("write_fault", 0, 0, 0)
    assert d.m.shadow.writable[0]
    assert d.m.log.dirty.members() == [2]


def test_another_mapping_of_a_marked_page_gets_its_rights_when_it_is_filled() -> None:
    d = Harvesting(HELD).set_up((0, 2), (1, 2))
    d.do("shadow_fill", 1)
    d.store(0, 0, 1)
    assert not d.m.shadow.writable[1]
    d.store(1, 1, 2)
    assert d.m.log.dirty.members() == [2]


def test_a_page_is_read_with_its_mark_untouched_and_sent_again_after_the_next_harvest() -> None:
    d = Harvesting(HELD).set_up((0, 2))
    d.store(0, 0, 1).send()
    assert d.m.log.dirty.members() == [2]
    d.store(0, 0, 2).harvest()
    assert d.m.rounds.to_send.members() == [2]
    d.send().stop().hand_over()


def test_a_harvest_leaves_no_shadow_and_no_tlb_entry() -> None:
    d = Harvesting(HELD).set_up((0, 2))
    d.store(0, 0, 1).send().harvest()
    assert d.m.shadow.present.is_empty
    assert d.m.cpus.present.is_empty
    assert d.m.log.dirty.is_empty


def test_no_vcpu_runs_between_the_hold_and_the_release() -> None:
    d = Harvesting(HELD).set_up((0, 2))
    d.store(0, 0, 1).send()
    d.do("harvest_hold")
    d.refuses("the source runs", "guest_store", 0, 0, 0, 2)
    d.do("next_round")
    d.refuses("the source runs", "guest_store", 0, 0, 0, 2)
    d.refuses("no log-dirty operation is under way", "transfer_clear", 2)
    d.refuses("no log-dirty operation is under way", "pause")
    d.protect_all().store(0, 0, 2)
    assert d.m.log.dirty.members() == [2]


def test_a_store_between_clearing_and_flush_of_an_unpaused_harvest_is_in_what_is_sent() -> None:
    d = Harvesting(UNPAUSED).set_up((0, 2))
    d.store(0, 0, 1).send()
    d.do("harvest_hold")
    d.do("next_round")
    d.do("guest_store", 0, 0, 0, 2)
    d.do("harvest_blow")
    d.do("guest_store", 0, 0, 0, 3)
    d.do("harvest_flush", 0)
    d.do("harvest_flush", 1)
    d.do("harvest_release")
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 1)
    d.send().stop().hand_over()
    assert d.m.target.memory[2, 0] == 3


@pytest.mark.parametrize("name", [HELD, UNPAUSED])
def test_the_order_is_clear_then_blow_then_flush_then_release(name: str) -> None:
    d = Harvesting(name).set_up((0, 0))
    d.send()
    d.do("harvest_hold")
    d.refuses("the log has been copied and cleared", "harvest_blow")
    d.do("next_round")
    d.refuses("the log has not been copied yet", "next_round")
    d.refuses("the shadow tables have been blown", "harvest_flush", 0)
    d.do("harvest_blow")
    d.do("harvest_flush", 0)
    d.refuses("every CPU has been flushed", "harvest_release")
    d.refuses("this CPU has not been flushed yet", "harvest_flush", 0)


def test_enable_blows_the_shadow_of_a_guest_that_is_always_shadowed() -> None:
    d = Harvesting(f"{HELD}+always-shadowed")
    d.do("guest_map", 0, 2, True, True)
    d.do("shadow_fill", 0)
    d.do("mmu_walk", 0, 0)
    assert d.m.cpus.writable[0, 0]
    d.do("begin")
    d.refuses("the source runs", "guest_store", 0, 0, 0, 1)
    d.protect_all()
    assert d.m.shadow.present.is_empty
    assert d.m.cpus.present.is_empty


@pytest.mark.parametrize("steps", [[], ["next_round"], ["next_round", "harvest_blow"]])
def test_an_abort_in_the_middle_of_a_harvest_releases_the_vcpus(steps: list[str]) -> None:
    d = Harvesting(HELD).set_up((0, 2))
    d.store(0, 0, 1).send()
    d.do("harvest_hold")
    for step in steps:
        d.do(step)
    d.do("abort")
    assert not d.m.clean.under_way
    d.store(0, 0, 3)
