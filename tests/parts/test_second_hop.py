"""A second migration by hand: after an abort, and on from the target."""

from refmodel.state import Phase
from tests.parts.changing import Changing

HOPS = "bare+second-hop"


def test_after_an_abort_everything_is_owed_again_and_nothing_is_protected() -> None:
    d = Changing(HOPS, pfn=2).live().send().stop()
    d.do("send_registers", 0).do("send_table").do("abort")
    assert not d.m.protection.transferred.is_empty
    d.do("begin")
    assert d.m.phase == Phase.SETUP
    assert d.m.rounds.to_send.is_full
    assert d.m.protection.transferred.is_empty
    assert d.m.shadow.present.is_empty
    assert not d.m.hand_over.configured
    assert d.m.hand_over.registers_sent.is_empty


def test_what_was_stored_after_the_abort_arrives_with_the_second_migration() -> None:
    d = Changing(HOPS, pfn=1).live().send()
    d.do("abort").do("leave_shadow", 0).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, 3)
    d.do("begin").do("send_configuration").do("enter_shadow", 0).do("start_rounds")
    d.send().stop().arrive()
    assert d.m.target.memory[0, 0] == 3


def test_a_migration_may_begin_before_every_cpu_has_left_the_shadow() -> None:
    d = Changing(HOPS, pfn=1).live().send().do("abort").do("begin").do("send_configuration")
    d.refuses("the CPU still walks the guest's table", "enter_shadow", 0)
    d.do("start_rounds")


def test_the_guest_goes_on_from_the_target_and_all_of_it_is_owed_to_the_next_host() -> None:
    d = Changing(HOPS, pfn=2).live().store(2).stop().arrive()
    d.refuses("no page has been sent", "target_holds", 0, 0, 1)
    d.do("target_store", 0, 0, 3).do("go_on_from_target")
    assert d.m.phase == Phase.BEFORE
    assert d.m.source.memory[0, 0] == 3
    d.do("target_holds", 0, 0, 1).do("target_holds", 1, 0, 1).do("begin").do("send_configuration")
    d.refuses("the configuration has not travelled yet", "target_holds", 0, 0, 2)
    assert d.m.rounds.to_send.is_full
    d.do("enter_shadow", 0).do("start_rounds").send().stop().arrive()
    assert [d.m.target.memory[page, 0] for page in range(2)] == [3, 0]


def test_nobody_goes_on_from_a_target_that_does_not_run() -> None:
    d = Changing(HOPS, pfn=1).live().stop()
    d.refuses("the target runs", "go_on_from_target")
    d.refuses("no migration has begun", "begin")


def test_a_hop_that_offers_only_what_is_new_leaves_the_rest_behind() -> None:
    d = Changing(HOPS, "second-hop-offers-new", pfn=1).live().store(2).stop().arrive()
    d.breaks("until_rounds_run_every_page_is_owed", "go_on_from_target")
