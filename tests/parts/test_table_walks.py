"""Walks without the lock, and shadows that are linked."""

from tests.parts.writing import Writing

CLEAN, READ_ONLY, ROOT = 2, 3, 5


def walking() -> Writing:
    """CPU 0 walks the shadow, CPU 1 the guest's own table, through which it may store to it."""
    g = Writing("bare+latched-walk", cpu=2, word=2, value=6).begin().do("enter_shadow", 0)
    return g.do("mmu_walk", 1, 0).do("latched_walk", 0, 0)


def test_a_fill_looks_again_under_the_lock() -> None:
    g = walking().do("guest_store", 1, 0, 0, READ_ONLY)
    g.refuses("the entries are what was read", "latched_fill", 0)
    g.do("latched_again", 0).do("latched_walk", 0, 0).do("latched_fill", 0)
    assert g.m.shadow.present[0]
    assert not g.m.shadow.writable[0]
    assert g.m.latches.walking.is_empty


def test_a_store_beside_the_entries_does_not_count() -> None:
    assert walking().do("guest_store", 1, 0, 1, READ_ONLY).do("latched_fill", 0).m.shadow.writable[0]


def test_a_bit_is_set_only_in_the_entry_that_was_read() -> None:
    g = walking().do("guest_store", 1, 0, 0, CLEAN)
    g.refuses("the bit is not set yet", "latched_bit", 0, True, True)
    g.do("latched_again", 0).do("latched_walk", 0, 0)
    g.refuses("the CPU handles no fault", "latched_walk", 0, 0)
    changed = g.m
    g.do("latched_bit", 0, True, True)
    assert g.m.source.memory[2, 0] == 1
    g.m = changed
    g.do("guest_store", 1, 0, 0, READ_ONLY)
    g.refuses("the exchange finds the entries as they were read", "latched_bit", 0, True, True)


def test_an_entry_that_is_written_back_as_it_was_read_loses_what_came_between() -> None:
    g = Writing("bare+latched-walk", "bit-not-atomic", cpu=2, word=2, value=6).begin().do("enter_shadow", 0)
    g.do("mmu_walk", 1, 0).do("guest_store", 1, 0, 0, CLEAN).do("latched_walk", 0, 0)
    g.do("guest_store", 1, 0, 0, READ_ONLY)
    g.breaks("a_fault_changes_no_entry_but_for_a_bit", "latched_bit", 0, True, True)


def linking() -> Writing:
    """The shadow has an entry for vpn 0 alone; vpn 1 has an upper entry of its own and shares the leaf."""
    g = Writing("bare+shared-shadows", vpn=2, word=2, value=6).do("mmu_walk", 0, 0)
    return g.begin().do("enter_shadow", 0).do("shadow_fill", 0)


def test_a_shadow_is_linked_for_a_page_that_walks_the_same_leaf() -> None:
    g = linking().do("shadow_link", 1, 0)
    assert g.m.shadow.present.is_full
    assert g.m.shadow.writable.is_full
    g.refuses("the shadow has no entry for the page", "shadow_link", 1, 0)


def test_a_shadow_is_synced_before_it_is_linked() -> None:
    g = linking().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, CLEAN)
    g.refuses("the shadow is in sync", "shadow_link", 1, 0)
    g.do("shadow_resync", 0).do("shadow_link", 1, 0)
    assert g.m.shadow.writable.is_empty


def test_a_shadow_is_linked_for_its_role_alone() -> None:
    g = Writing("bare+shared-shadows", vpn=2, word=2, value=6).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, ROOT)
    g.do("guest_flush", 0, 0).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 1, READ_ONLY)
    g.begin().do("enter_shadow", 0).do("shadow_fill", 0)
    g.refuses("the upper entries grant the same", "shadow_link", 1, 0)
    g.do("shadow_fill", 1)
    assert not g.m.shadow.writable[1]


def test_a_shadow_is_linked_for_the_table_that_it_is_of() -> None:
    g = Writing("bare+shared-shadows", vpn=2, word=2, value=6).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, ROOT)
    g.do("guest_flush", 0, 0).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 1, ROOT)
    g.begin().do("enter_shadow", 0).do("shadow_fill", 0)
    g.refuses("both walk the same word of the same lower table", "shadow_link", 1, 0)
