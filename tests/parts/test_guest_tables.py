"""Guest page tables in guest memory: walks, traps and emulation, A and D bits, in sync and out of it, the hand-over."""

import pytest

from refmodel.logging.guest_tables import NOT_PRESENT, USED
from tests.parts.writing import Writing

CLEAN, READ_ONLY, UNUSED, ROOT = 2, 3, 4, 5
"""Values as entries, beside USED: without D; read-only; without A; the root's own frame."""
TABLE, MACHINE = 2, "bare+guest-tables"
"""The lower table, which is also the page that its entries name; the root is pfn 0."""


def guest(cpus: int = 1, vpns: int = 1) -> Writing:
    """Tables of two words each."""
    return Writing(MACHINE, cpu=cpus, vpn=vpns, word=2, value=6)


def shadowed(cpus: int = 1, vpns: int = 1) -> Writing:
    """A migration is being set up, every CPU walks the shadow, and it has an entry for each page."""
    g = guest(cpus, vpns).begin()
    for cpu in range(cpus):
        g.do("enter_shadow", cpu)
    for vpn in range(vpns):
        g.do("shadow_fill", vpn)
    return g


def trapped() -> Writing:
    """The lower table is in sync, so that stores to it are trapped."""
    return shadowed().do("table_claim", TABLE).do("table_flush", 0)


def transfer(g: Writing, page: int) -> Writing:
    """A page is sent under the running guest; one CPU."""
    g.do("transfer_clear", page).do("transfer_mark")
    for vpn in range(g.sizes["vpn"]):
        if g.m.shadow.writable[vpn] and g.m.shadow.frame[vpn] == page:
            g.do("transfer_revoke", vpn)
    return g.do("transfer_flush", 0).do("transfer_read", 0).do("transfer_read", 1).do("transfer_done")


def test_the_guests_table_is_its_memory() -> None:
    g = guest()
    assert (g.m.source.table.present[0], g.m.source.table.frame[0]) == (True, TABLE)
    g.do("mmu_walk", 0, 0).do("guest_store", 0, 0, 1, NOT_PRESENT)
    assert g.m.source.table.present[0], "the word beside the leaf is data"
    g.do("guest_store", 0, 0, 0, ROOT)
    assert g.m.source.table.frame[0] == 0
    assert g.m.cpus.unflushed[0, 0]
    g.do("guest_flush", 0, 0).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, NOT_PRESENT)
    assert not g.m.source.table.present[0], "the store went to the root table"


def test_one_frame_may_be_root_lower_table_and_page() -> None:
    g = Writing(MACHINE, pfn=1, word=1, value=6).begin().do("enter_shadow", 0).do("shadow_fill", 0)
    g.do("table_claim", 0).do("table_flush", 0).do("emulated_store", 0, 0, 0, READ_ONLY)
    assert g.m.shadow.present[0]
    assert g.m.log.dirty.is_empty, "not sent yet: it is owed as it is"
    g.refuses("the guest's table lets the page be written", "emulated_store", 0, 0, 0, USED)


def test_the_walker_sets_a_before_it_uses_an_entry_and_d_before_a_store() -> None:
    g = guest().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, UNUSED).do("guest_flush", 0, 0)
    g.refuses("the table that the CPU walks maps the page", "mmu_walk", 0, 0)
    g.refuses("D is set in a leaf that is present and accessed", "walker_marks_entry", 0, 0, True, True)
    g.refuses("D is set in a leaf that is present and accessed", "walker_marks_entry", 0, 0, False, True)
    g.do("walker_marks_entry", 0, 0, True, False).do("mmu_walk", 0, 0)
    assert g.m.source.memory[TABLE, 0] == CLEAN
    assert not g.m.cpus.writable[0, 0]
    g.do("walker_marks_entry", 0, 0, True, True)
    assert g.m.source.memory[TABLE, 0] == USED
    assert not g.m.cpus.unflushed[0, 0], "what gains rights needs no flush"
    g.refuses("the bit is not set yet", "walker_marks_entry", 0, 0, True, True)
    g.do("guest_flush", 0, 0).do("mmu_walk", 0, 0)
    assert g.m.cpus.writable[0, 0]


@pytest.mark.parametrize("entry", [NOT_PRESENT, READ_ONLY])
def test_the_walker_sets_no_bit_where_the_guest_forbids(entry: int) -> None:
    g = guest().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, entry)
    guard = "the guest's table lets the page be written" if entry else "D is set in a leaf that is present and accessed"
    g.refuses(guard, "walker_marks_entry", 0, 0, True, True)


def test_an_upper_entry_is_used_first() -> None:
    g = guest().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, ROOT).do("guest_flush", 0, 0).do("mmu_walk", 0, 0)
    g.do("guest_store", 0, 0, 0, UNUSED)
    g.refuses("the upper entry is present and accessed", "walker_marks_entry", 0, 0, True, False)
    g.do("walker_marks_entry", 0, 0, False, False)
    assert g.m.source.memory[0, 0] == CLEAN


def test_a_clean_leaf_is_no_fault_of_the_guests() -> None:
    g = shadowed().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, CLEAN).do("guest_flush", 0, 0)
    assert g.m.shadow.present[0]
    assert not g.m.shadow.writable[0]
    g.refuses("what the guest's table lets be written has its A and D bits set", "write_fault", 0, 0, 0)
    g.do("walker_marks_entry", 0, 0, True, True)
    assert g.m.shadow.writable[0], "the fault handler enters what it has set D for"


def test_a_bit_that_the_fault_handler_sets_is_a_write_to_the_table() -> None:
    g = shadowed().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, CLEAN).do("guest_flush", 0, 0).do("start_rounds")
    transfer(g, TABLE).do("walker_marks_entry", 0, 0, True, True)
    assert g.m.log.dirty.members() == [TABLE]


def test_a_table_is_claimed_then_flushed_then_resynced() -> None:
    g = shadowed(cpus=2).do("mmu_walk", 1, 0)
    assert g.m.shadow.writable[0]
    g.do("table_claim", TABLE)
    assert not g.m.shadow.writable[0]
    g.refuses("no other frame is being claimed", "table_claim", 0)
    g.do("table_flush", 0).refuses("this CPU has not been flushed for it yet", "table_flush", 0)
    g.do("guest_store", 1, 0, 0, READ_ONLY)
    assert g.m.shadow.unsynced[0], "the CPU that is not flushed yet still stores unseen"
    g.do("table_flush", 1)
    assert g.m.tables.trapped.members() == [TABLE]
    assert g.m.shadow.unsynced.is_empty
    assert g.m.cpus.present.is_empty
    g.refuses("a frame is being claimed", "table_flush", 0)
    g.refuses("stores to the frame are not trapped yet", "table_claim", TABLE)


def test_only_tables_of_the_shadow_are_claimed_and_only_once_every_cpu_walks_it() -> None:
    g = guest(cpus=2).begin().do("enter_shadow", 0).do("shadow_fill", 0)
    g.refuses("every CPU walks the shadow", "table_claim", TABLE)
    g.do("enter_shadow", 1).refuses("the shadow uses the frame as a table", "table_claim", 1)
    g.do("table_claim", 0)


def test_a_store_to_a_trapped_table_is_emulated_marked_and_followed() -> None:
    g = shadowed()
    g.refuses("a walk would find no writable entry either", "emulated_store", 0, 0, 0, NOT_PRESENT)
    g.do("table_claim", TABLE).do("table_flush", 0).do("start_rounds")
    transfer(g, TABLE).do("mmu_walk", 0, 0).do("emulated_store", 0, 0, 1, READ_ONLY)
    assert g.m.log.dirty.members() == [TABLE]
    assert g.m.shadow.present[0]
    g.do("emulated_store", 0, 0, 0, NOT_PRESENT)
    assert not g.m.shadow.present[0]
    assert g.m.cpus.unflushed[0, 0]


def test_a_store_that_faults_for_the_log_alone_is_not_emulated() -> None:
    g = transfer(shadowed().do("start_rounds"), TABLE)
    g.refuses("stores to the frame are trapped: it is a table", "emulated_store", 0, 0, 0, USED)


def test_a_fault_on_a_trapped_table_marks_it_and_grants_nothing() -> None:
    g = trapped().do("start_rounds")
    transfer(g, TABLE).do("write_fault", 0, 0, 0)
    assert g.m.log.dirty.members() == [TABLE]
    assert not g.m.shadow.writable[0]


def test_out_of_sync_again_a_table_is_writable_as_far_as_the_log_permits() -> None:
    g = trapped().do("table_unsync", TABLE)
    assert g.m.shadow.writable[0]
    g.refuses("stores to the frame are trapped", "table_unsync", TABLE)
    g = trapped().do("start_rounds")
    transfer(g, TABLE).do("table_unsync", TABLE)
    assert not g.m.shadow.writable[0]


def test_pages_that_walk_one_leaf_are_followed_together() -> None:
    g = shadowed(vpns=2).do("table_claim", TABLE).do("table_flush", 0).do("emulated_store", 0, 1, 0, READ_ONLY)
    assert g.m.source.table.writable.is_empty
    assert g.m.shadow.present.is_full


def test_an_abort_leaves_no_table_trapped() -> None:
    g = trapped().do("table_claim", 0).do("abort")
    assert g.m.tables.trapped.is_empty
    g.refuses("the migration has not been given up", "table_claim", TABLE)
    g.do("leave_shadow", 0).do("mmu_walk", 0, 0).do("guest_store", 0, 0, 0, READ_ONLY)


def test_the_target_walks_its_own_memory_from_the_root_that_travelled() -> None:
    g = guest().do("mmu_walk", 0, 0).do("guest_store", 0, 0, 1, ROOT).begin().do("pause").do("final_harvest")
    for page in range(3):
        g.do("transfer_clear", page).do("transfer_read", 0).do("transfer_read", 1).do("transfer_done")
    g.do("send_registers", 0)
    g.refuses("the table and the configuration have travelled", "commit")
    assert g.m.roots.target != g.m.roots.guest
    g.do("send_root").refuses("the root register has not travelled yet", "send_root")
    g.do("commit").do("acknowledge").do("activate")
    assert g.m.target.table.frame[0] == TABLE
    g.do("target_store", 0, 0, READ_ONLY)
    assert g.m.target.table.writable.is_empty


def test_what_the_assumption_said_is_gone() -> None:
    spec = guest().spec
    assert not {"guest_map", "guest_unmap", "send_table"} & set(spec.steps)
    assert "a_table_that_was_sent_is_equal" not in spec.claims
