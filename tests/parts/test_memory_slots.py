"""Memory slots by hand: what their logs hold outlives them, and memory that comes is dirty."""

from tests.parts.changing import Changing

SLOTS = "bare+memory-slots"


def gone(d: Changing, slot: int) -> Changing:
    """The slot goes, in the order that is asked for."""
    d.do("slot_unmap", slot)
    for vpn in d.m.shadow.present.members():
        if not d.m.memory_map.mapped[d.m.memory_map.slot_of[d.m.shadow.frame[vpn]]]:
            d.do("slot_zap", vpn)
    d.do("slot_flush", 0).do("slot_unregister", slot)
    return d


def changing(variant: str | None = None) -> Changing:
    return Changing(SLOTS, variant, pfn=2, slot=1)


def test_what_the_log_of_a_slot_held_is_sent_although_the_slot_has_gone() -> None:
    d = changing().live().send().store(3)
    assert d.m.log.dirty.members() == [0]
    gone(d, 0)
    assert d.m.log.dirty.is_empty
    assert d.m.memory_map.synced.members() == [0]
    d.stop()
    assert d.m.rounds.to_send.members() == [0]
    d.arrive()
    assert d.m.target.memory[0, 0] == 3


def test_a_slot_goes_step_by_step() -> None:
    d = changing().live().store(1)
    d.refuses("the slot has been unmapped", "slot_unregister", 0)
    d.refuses("some slot is to go", "slot_flush", 0)
    d.do("slot_unmap", 0)
    d.do("guest_store", 0, 0, 0, 2)
    d.refuses("no shadow entry of such a slot is left", "slot_flush", 0)
    d.refuses("every CPU has been flushed since", "slot_unregister", 0)
    d.do("slot_zap", 0)
    d.refuses("the frame that it names is there", "shadow_fill", 0)
    d.do("slot_flush", 0)
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 3)
    d.do("slot_unregister", 0)


def test_a_second_slot_that_is_unmapped_has_every_cpu_flushed_again() -> None:
    d = Changing(SLOTS, pfn=2, slot=3).live()
    d.do("slot_unmap", 0).do("slot_flush", 0).do("slot_unmap", 1)
    d.refuses("every CPU has been flushed since", "slot_unregister", 0)


def test_no_slot_goes_while_logging_is_switched_on() -> None:
    d = changing().begin().do("slot_unmap", 0).do("slot_flush", 0)
    d.refuses("logging is not just being switched on, which takes the lock of the slots too", "slot_unregister", 0)


def test_a_slot_that_moves_keeps_its_protection_and_its_marks() -> None:
    d = gone(changing().live().send(0), 0).do("slot_register", 0)
    d.do("shadow_fill", 0)
    assert not d.m.shadow.writable[0]
    d.store(1)
    assert d.m.log.dirty.members() == [0]


def test_memory_that_is_added_is_covered_and_dirty() -> None:
    d = gone(changing().live().send(), 0).do("memory_remove", 1)
    d.refuses("the page is no RAM", "memory_add", 0, 0, 2)
    d.do("memory_add", 1, 0, 2)
    assert d.m.memory_map.tracked.is_full
    assert d.m.log.dirty.members() == [1]
    d.stop().arrive()
    assert d.m.target.memory[1, 0] == 2


def test_what_is_no_ram_is_skipped_and_given_back_before_the_commit() -> None:
    d = gone(changing().live().send(0), 0).do("memory_remove", 0).do("memory_remove", 1)
    d.stop().protect(1)
    d.do("transfer_skip").do("send_registers", 0).do("send_table")
    assert d.m.target_pages.there.members() == [0]
    d.refuses("no page is owed", "commit")
    d.do("give_back", 0).do("commit")


def test_ram_that_is_read_is_not_skipped() -> None:
    d = changing().live().protect(0)
    d.refuses("what the page holds does not matter", "transfer_skip")
    d.refuses("the target has it, and the source does not", "give_back", 0)


def test_memory_is_removed_only_once_its_slot_has_gone() -> None:
    d = changing().live()
    d.refuses("its slot has gone", "memory_remove", 0)


def test_a_mark_that_the_log_has_no_bit_for_is_lost() -> None:
    d = gone(changing("memory-added-untracked").live().send(), 0).do("memory_remove", 1)
    d.breaks("the_log_covers_all_memory", "memory_add", 1, 0, 2)
    assert d.m.log.dirty.is_empty


def test_a_slot_that_was_not_mapped_at_the_beginning_is_owed_all_the_same() -> None:
    d = Changing(SLOTS, pfn=2, slot=2)
    assert d.m.memory_map.mapped.members() == [0]
    d.live()
    assert d.m.rounds.to_send.is_full
