"""Log-dirty mode by hand: it is switched on over a full shadow and full TLBs, and off again."""

import pytest

from refmodel.machines import machine
from refmodel.state import Stage
from tests.parts.switching import Switching

SHADOWED = "bare+always-shadowed"
SECOND_STAGE = "bare+second-stage"


def used(name: str = SHADOWED) -> Switching:
    """Both pages are mapped, and both CPUs hold them writable."""
    d = Switching(name)
    if "guest_map" in d.spec.steps:
        d.do("guest_map", 0, 0, True, True).do("guest_map", 1, 1, True, True)
    return d.use(0, 0).use(1, 0).use(1, 1)


def test_before_a_migration_every_store_passes_through_the_shadow() -> None:
    d = used()
    d.do("guest_store", 0, 0, 0, 3)
    assert d.m.log.dirty.is_empty
    assert d.m.cpus.on_shadow.is_full


def test_there_is_no_root_to_change() -> None:
    steps = machine(SHADOWED).steps
    assert "enter_shadow" not in steps
    assert "leave_shadow" not in steps


def test_what_was_writable_before_stays_so_until_it_is_revoked_and_flushed() -> None:
    d = used()
    d.do("begin").do("log_enable")
    d.do("guest_store", 0, 0, 0, 1)
    d.refuses("no mapping is left to revoke", "enable_flush", 0)
    d.do("enable_revoke", 0).do("enable_revoke", 1)
    d.do("guest_store", 0, 0, 0, 2)
    d.do("enable_flush", 0)
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 3)
    d.do("guest_store", 1, 0, 0, 3)


def test_rounds_wait_for_the_mode_the_mappings_and_every_cpu() -> None:
    d = used()
    guard = "the log has been enabled for the migration, and every CPU flushed"
    d.do("begin").do("send_configuration")
    d.refuses(guard, "start_rounds")
    d.refuses("the mode is on", "enable_flush", 0)
    d.do("log_enable").do("enable_revoke", 0).do("enable_revoke", 1).do("enable_flush", 0)
    d.refuses(guard, "start_rounds")
    d.do("enable_flush", 1).do("start_rounds")
    d.refuses("the log has not been enabled for the migration", "log_enable")


def test_a_page_not_written_since_the_switch_is_read_at_once_and_another_is_protected_first() -> None:
    d = used().set_up()
    d.store(0, 0, 2)
    d.do("transfer_clear", 1)
    assert d.m.transfer.stage == Stage.READING
    d.do("transfer_read", 0).do("transfer_done")
    d.do("transfer_clear", 0)
    assert d.m.transfer.stage == Stage.CLEARED


def test_a_store_after_the_switch_is_logged_and_sent() -> None:
    d = used().set_up().send()
    d.store(1, 1, 3)
    assert d.m.log.dirty.members() == [1]
    d.do("next_round").send().finish()


def test_an_abort_switches_the_mode_off_and_brings_all_rights_back() -> None:
    d = used().set_up().send()
    assert not d.m.shadow.writable[0]
    d.do("abort")
    assert d.m.shadow.writable[0]
    assert not d.m.log_mode.on
    d.do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, 1)
    assert d.m.log.dirty.is_empty


def test_the_p2m_is_shadowed_like_a_table_and_the_guest_does_not_change_it() -> None:
    d = used(SECOND_STAGE)
    assert not {"guest_map", "guest_unmap", "guest_flush", "shadow_resync"} & set(d.spec.steps)
    assert "nothing_is_ever_out_of_step_with_the_p2m" in d.spec.claims
    d.set_up().send().store(0, 1, 2)
    d.do("next_round").send().finish()


@pytest.mark.parametrize("protection", ["protect-at-harvest", "manual-protect"])
def test_the_mode_goes_with_other_protections(protection: str) -> None:
    d = Switching(f"{SECOND_STAGE}+{protection}", chunk=1)
    d.use(0, 0).do("begin").do("send_configuration")
    if protection == "protect-at-harvest":
        d.do("harvest_blow").each_cpu("harvest_flush").do("harvest_release")
        d.use(0, 0)
    d.do("log_enable").protect().do("start_rounds")
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 1)
    d.store(0, 0, 1)
    assert d.m.log.dirty[0]


def test_a_fault_that_read_the_mode_before_it_had_the_lock_goes_by_what_it_is_under_it() -> None:
    d = Switching(f"{SECOND_STAGE}+mode-hint")
    d.do("fault_look", 0)
    d.set_up()
    d.refuses("the mode is off", "fault_look", 1)
    d.do("write_fault", 0, 0, 0)
    assert d.m.log.dirty.members() == [0]
    assert d.m.mode_hint.saw_off.is_empty
