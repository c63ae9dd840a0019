"""Alternate views by hand: what the log takes from the host's p2m it takes from each view."""

from tests.parts.switching import Switching

VIEWS = "bare+views"


def switched() -> Switching:
    """CPU 0 is in the alternate view, which has page 0 writable; it holds it."""
    d = Switching(VIEWS).do("shadow_fill", 0).do("view_fill", 0)
    return d.do("view_switch", 0).do("mmu_walk", 0, 0)


def test_a_cpu_walks_the_view_that_it_is_in() -> None:
    d = switched()
    d.do("shadow_fill", 1)
    d.refuses("the table that the CPU walks maps the page", "mmu_walk", 0, 1)
    d.do("mmu_walk", 1, 1)
    d.do("view_fill", 1).do("mmu_walk", 0, 1)


def test_a_switch_of_the_log_revokes_in_the_view_as_well() -> None:
    d = switched().do("begin").do("log_enable").do("enable_revoke", 0)
    d.refuses("no other table is left to revoke", "enable_flush", 0)
    d.do("view_revoke", 0).do("enable_flush", 0)
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 1)


def test_a_fault_in_the_view_marks_the_page_and_a_transfer_protects_it_there() -> None:
    d = switched().do("begin").do("send_configuration").do("log_enable").do("enable_revoke", 0).do("view_revoke", 0)
    d.each_cpu("enable_flush").do("start_rounds").send()
    d.refuses("the CPU is in the host's view", "write_fault", 0, 0, 0)
    d.do("view_fault", 0, 0).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, 2)
    assert d.m.log.dirty.members() == [0]
    d.do("next_round").do("transfer_clear", 0).do("transfer_mark").do("transfer_revoke", 0)
    d.refuses("no other table is left to revoke", "transfer_flush", 0)
    d.do("view_revoke", 0).each_cpu("transfer_flush").do("transfer_read", 0).do("transfer_done")
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 3)
    d.finish()
