"""R1 to R12, one test or more for each rule of the seed text, on the machine itself."""

import pytest

from refmodel.language import Action, Refused
from refmodel.state import Phase
from tests.specification.driving import Driver


def test_r1_before_migration_the_mmu_walks_the_guests_table() -> None:
    d = Driver().map((0, 2, True))
    d.touch(0, 0)
    assert d.m.cpus.frame[0, 0] == 2
    assert d.m.cpus.writable[0, 0]
    assert d.m.shadow.present.is_empty


def test_r1_during_migration_the_mmu_walks_the_shadow_never_the_guests_table() -> None:
    d = Driver().map((0, 2, True)).set_up()
    d.refuses("the table that the CPU walks maps the page", "mmu_walk", 0, 0)
    d.touch(0, 0)
    assert d.m.shadow.present[0]


def test_r1_each_cpu_changes_its_root_in_a_step_of_its_own_and_loses_its_tlb() -> None:
    d = Driver().map((0, 2, True))
    d.touch(0, 0).touch(1, 0)
    d.do("begin")
    d.do("enter_shadow", 0)
    assert not d.m.cpus.present[0, 0]
    assert d.m.cpus.present[1, 0]


def test_r1_no_page_is_protected_before_every_cpu_has_changed_its_root() -> None:
    d = Driver()
    d.do("begin")
    d.do("send_configuration")
    d.do("enter_shadow", 0)
    d.refuses("every CPU walks the shadow", "start_rounds")
    d.refuses("rounds are running", "transfer_clear", 0)


def test_r1_after_migration_the_guests_table_is_walked_at_the_target() -> None:
    d = Driver().map((0, 2, True), (1, 1, False)).set_up().stop().send_all().hand_over()
    d.do("target_store", 0, 1, 7)
    assert d.m.target.memory[2, 1] == 7
    d.refuses("the guest's table at the target lets the page be written", "target_store", 1, 0, 7)


def test_r1_after_an_abort_each_cpu_walks_the_guests_table_again() -> None:
    d = Driver().map((0, 2, True)).set_up()
    d.touch(0, 0)
    d.do("abort")
    d.do("leave_shadow", 0)
    d.do("mmu_walk", 0, 0)
    assert d.m.cpus.writable[0, 0]


def test_r2_the_shadow_starts_empty_and_is_filled_on_demand() -> None:
    d = Driver().map((0, 0, True), (1, 1, True)).set_up()
    assert d.m.shadow.present.is_empty
    d.do("shadow_fill", 1)
    assert d.m.shadow.present.members() == [1]
    d.refuses("the guest's table maps the page", "shadow_fill", 2)


def test_r3_a_shadow_mapping_is_identical_to_the_guests_unless_its_page_is_transferred() -> None:
    d = Driver().map((0, 2, True), (1, 1, False)).set_up()
    d.do("shadow_fill", 0)
    d.do("shadow_fill", 1)
    for vpn in (0, 1):
        assert d.m.shadow.frame[vpn] == d.m.source.table.frame[vpn]
        assert d.m.shadow.writable[vpn] == d.m.source.table.writable[vpn]


def test_r4_a_transferred_page_is_entered_read_only_whatever_the_guests_entry_grants() -> None:
    d = Driver().map((0, 2, True)).set_up().protect(2).read()
    d.do("shadow_fill", 0)
    assert d.m.source.table.writable[0]
    assert not d.m.shadow.writable[0]


def test_r4_a_page_is_transferred_by_clear_mark_revoke_flush_and_only_then_read() -> None:
    d = Driver().map((0, 2, True), (1, 2, True)).set_up()
    d.touch(0, 0).touch(1, 1)
    d.refuses("nothing can write the page unseen", "transfer_read", 0)
    d.do("transfer_clear", 2)
    assert not d.m.rounds.to_send[2]
    assert not d.m.protection.transferred[2]
    d.refuses("the page has been marked transferred", "transfer_flush", 0)
    d.do("transfer_mark")
    d.do("transfer_revoke", 0)
    d.refuses("no shadow mapping of the page is left to revoke", "transfer_flush", 0)  # the alias
    d.do("transfer_revoke", 1)
    d.do("transfer_flush", 0)
    assert not d.m.cpus.present[0, 0]
    assert d.m.cpus.writable[1, 1]
    d.refuses("nothing can write the page unseen", "transfer_read", 0)
    d.do("transfer_flush", 1)
    d.do("transfer_read", 1)
    d.do("transfer_read", 0)
    d.refuses("the word has not been read yet", "transfer_read", 0)


def test_r5_a_store_to_a_transferred_page_faults() -> None:
    d = Driver().map((0, 2, True)).set_up().protect(2).read()
    d.touch(0, 0)
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 1)
    d.do("write_fault", 0, 0, 0)
    d.do("mmu_walk", 0, 0)
    d.do("guest_store", 0, 0, 0, 1)
    assert d.m.source.memory[2, 0] == 1


def test_r5_a_store_that_the_guests_own_table_forbids_is_reflected_and_never_logged() -> None:
    d = Driver().map((0, 2, False)).set_up().protect(2).read()
    d.do("write_fault", 0, 0, 6)
    assert d.m.source.registers[0] == 6
    assert not d.m.log.dirty[2]
    assert d.m.protection.transferred[2]


def test_r6_the_fault_marks_the_page_dirty_and_the_next_round_sends_it_again() -> None:
    d = Driver().map((0, 2, True)).set_up().send_all()
    d.do("write_fault", 0, 0, 0)
    assert d.m.log.dirty.members() == [2]
    d.do("next_round")
    assert d.m.rounds.to_send.members() == [2]


def test_r7_all_writable_mappings_are_permitted_again_until_the_page_is_retransferred() -> None:
    d = Driver().map((0, 2, True), (1, 2, True), (2, 2, False)).set_up()
    for vpn in (0, 1, 2):
        d.do("shadow_fill", vpn)
    d.send_all()
    assert d.m.shadow.writable.is_empty
    d.do("write_fault", 0, 0, 0)
    assert d.m.shadow.writable.members() == [0, 1]
    d.do("next_round")
    d.send_all()
    assert d.m.shadow.writable.is_empty


def test_r8_trapped_updates_reach_the_shadow_at_once() -> None:
    d = Driver().map((0, 0, True)).set_up()
    d.do("shadow_fill", 0)
    d.do("guest_map", 0, 1, False, True)
    assert d.m.shadow.frame[0] == 1
    assert not d.m.shadow.writable[0]
    d.do("guest_unmap", 0, True)
    assert not d.m.shadow.present[0]


def test_r8_an_update_that_is_not_trapped_reaches_the_shadow_when_it_is_synced() -> None:
    d = Driver().map((0, 0, True)).set_up()
    d.do("shadow_fill", 0)
    d.do("guest_map", 0, 1, True, False)
    assert d.m.shadow.frame[0] == 0
    assert d.m.shadow.unsynced.members() == [0]
    d.do("shadow_resync", 0)
    assert d.m.shadow.frame[0] == 1


def test_r8_a_guests_flush_syncs_the_entry_that_it_flushes() -> None:
    d = Driver().map((0, 0, True)).set_up()
    d.touch(0, 0)
    d.do("guest_unmap", 0, False)
    d.do("guest_flush", 0, 0)
    assert not d.m.shadow.present[0]
    assert not d.m.cpus.present[0, 0]


def test_r8_a_guest_that_lowers_rights_without_a_flush_keeps_its_tlb_entry_but_not_the_logging_right() -> None:
    d = Driver().map((0, 2, True)).set_up()
    d.touch(0, 0)
    d.do("guest_map", 0, 2, False, True)
    assert d.m.cpus.writable[0, 0]  # its own business
    d.protect(2)
    assert not d.m.cpus.writable[0, 0]  # engine flushes go by the frame that the entry names


def test_r9_a_store_by_any_cpu_may_fall_between_any_two_steps_of_the_engine() -> None:
    d = Driver().map((0, 2, True)).set_up()
    d.touch(0, 0).touch(1, 0)
    d.do("transfer_clear", 2)
    d.do("guest_store", 0, 0, 0, 1)
    d.do("transfer_mark")
    d.do("guest_store", 1, 0, 1, 2)
    d.do("transfer_revoke", 0)
    d.do("guest_store", 0, 0, 0, 3)
    d.do("transfer_flush", 0)
    d.do("guest_store", 1, 0, 1, 4)
    d.do("transfer_flush", 1)
    d.read()
    assert (d.m.target.memory[2, 0], d.m.target.memory[2, 1]) == (3, 4)


def test_r10_all_pages_first_then_what_was_dirtied_then_the_rest_while_paused() -> None:
    d = Driver().map((0, 2, True)).set_up()
    assert d.m.rounds.to_send.is_full
    d.refuses("the round has sent all that it owed", "next_round")
    d.send_all()
    d.do("write_fault", 0, 0, 0)
    d.do("next_round")
    assert d.m.rounds.to_send.members() == [2]
    d.protect(2).read()
    d.do("write_fault", 0, 0, 0)
    d.do("mmu_walk", 0, 0)
    d.do("guest_store", 0, 0, 0, 5)
    d.stop()
    assert d.m.rounds.to_send.members() == [2]
    d.refuses("no page is owed", "commit")
    d.send_all().hand_over()
    assert d.m.target.memory[2, 0] == 5


def test_r10_the_policy_may_stop_after_any_round() -> None:
    d = Driver(rounds=0).set_up().send_all()
    d.refuses("the policy allows another round", "next_round")
    d.stop()
    assert d.m.phase == Phase.STOP_AND_COPY


def test_r11_the_configuration_travels_before_memory() -> None:
    d = Driver()
    for step in (("begin",), ("enter_shadow", 0), ("enter_shadow", 1), ("start_rounds",)):
        d.do(*step)
    d.refuses("the configuration has travelled", "transfer_clear", 0)


def test_r11_plain_suspend_and_resume_is_the_case_with_no_live_round() -> None:
    d = Driver().map((0, 2, True))
    d.touch(1, 0)
    d.do("guest_store", 1, 0, 1, 3)
    d.do("guest_compute", 1, 4)
    d.do("begin")
    d.stop()
    d.do("send_configuration")
    assert d.m.rounds.to_send.is_full
    d.send_all().hand_over()
    assert d.m.shadow.present.is_empty
    assert d.m.target.memory.same(d.m.source.memory)
    assert d.m.target.registers[1] == 4


def test_r12_at_cutover_memory_table_and_registers_are_equal() -> None:
    d = Driver().map((0, 2, True), (1, 1, False)).set_up()
    d.touch(0, 0)
    d.do("guest_store", 0, 0, 1, 6)
    d.do("guest_compute", 0, 5)
    d.send_all().stop().send_all()
    for cpu in (0, 1):
        d.do("send_registers", cpu)
    d.refuses("the table and the configuration have travelled", "commit")
    d.do("send_table")
    d.do("commit")
    assert d.m.target.memory.same(d.m.source.memory)
    assert d.m.target.registers.same(d.m.source.registers)
    assert d.m.target.table.frame.same(d.m.source.table.frame)


def test_r12_between_commit_and_acknowledgement_the_source_may_neither_run_nor_be_discarded() -> None:
    d = Driver().set_up().stop().send_all()
    for step in (("send_registers", 0), ("send_registers", 1), ("send_table",), ("commit",)):
        d.do(*step)
    d.refuses("the source has not committed", "abort")
    d.refuses("the target has acknowledged", "discard_source")
    d.refuses("the target has acknowledged", "activate")
    d.do("acknowledge")
    d.do("discard_source")
    d.do("activate")


def test_r12_the_source_never_runs_again_once_the_target_does() -> None:
    d = Driver().map((0, 2, True)).set_up().stop().send_all().hand_over()
    d.refuses("the source has not committed", "abort")
    d.refuses("the source runs", "guest_compute", 0, 1)


def test_a_refusal_names_the_action_and_the_guard() -> None:
    d = Driver()
    with pytest.raises(Refused) as refused:
        d.spec.take(d.m, Action("transfer_clear", (1,)))
    assert str(refused.value) == "transfer_clear(1) refused: it needs that the configuration has travelled"
