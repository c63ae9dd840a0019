"""Writes by the hypervisor: marked after the write, under the guest's name, in every page that they touched."""

import pytest

from tests.parts.writing import Writing

MACHINE = "bare+hypervisor-writes"


@pytest.fixture
def sent() -> Writing:
    """Every page sent once."""
    return Writing(MACHINE).begin().sent()


def test_a_harvest_between_write_and_mark_loses_nothing(sent: Writing) -> None:
    sent.do("hypervisor_write", 1, 0, 3)
    assert not sent.spec.is_marked(sent.m, 1)
    assert sent.spec.is_owed(sent.m, 1)
    sent.do("next_round")
    assert sent.m.rounds.to_send.is_empty
    sent.do("hypervisor_mark", 1).do("next_round").sent().do("pause").do("final_harvest").handed_over()
    assert sent.m.target.memory[1, 0] == 3


def test_the_last_harvest_waits_for_what_was_under_way_at_the_pause(sent: Writing) -> None:
    sent.do("hypervisor_write", 1, 0, 3).do("pause")
    sent.refuses("no other writer is at work", "final_harvest")
    sent.refuses("the source runs", "hypervisor_mark", 1)
    sent.do("hypervisor_finish", 1).do("final_harvest").handed_over()
    assert sent.m.target.memory[1, 0] == 3


def test_a_range_over_two_pages_marks_both(sent: Writing) -> None:
    sent.do("hypervisor_write_range", 1, 0, 3, 2)
    sent.do("hypervisor_mark", 1).do("hypervisor_mark", 2)
    assert sent.m.log.dirty.members() == [1, 2]


def test_the_mark_has_the_pages_number_and_not_its_frames(sent: Writing) -> None:
    assert sent.m.hypervisor.frame[1] == 2
    sent.do("hypervisor_write", 1, 0, 3).do("hypervisor_mark", 1)
    assert sent.m.log.dirty.members() == [1]


def test_what_comes_into_the_p2m_is_sent(sent: Writing) -> None:
    sent.do("physmap_add", 0, 0, 3)
    assert sent.m.log.dirty.members() == [0]
    sent.do("pause").do("final_harvest").handed_over()
    assert sent.m.target.memory[0, 0] == 3


def test_without_a_migration_nothing_is_marked() -> None:
    idle = Writing(MACHINE).do("hypervisor_write", 0, 0, 1).do("hypervisor_mark", 0).do("physmap_add", 1, 0, 1)
    assert idle.m.log.dirty.is_empty


def test_nobody_writes_once_the_source_stands_still(sent: Writing) -> None:
    sent.do("pause")
    for step in (("hypervisor_write", 0, 0, 1), ("hypervisor_write_range", 0, 0, 1, 1), ("physmap_add", 0, 0, 1)):
        sent.refuses("the source runs", *step)


def test_a_mark_needs_a_write(sent: Writing) -> None:
    sent.refuses("the page has been written and not marked", "hypervisor_mark", 0)
    sent.do("pause").refuses("the page has been written and not marked", "hypervisor_finish", 0)


def test_a_site_that_does_not_mark_is_seen_where_it_lets_go() -> None:
    wrong = Writing(MACHINE, "hypervisor-unmarked").begin().sent().do("hypervisor_write", 1, 0, 3)
    wrong.breaks("what_the_hypervisor_lets_go_of_is_marked", "hypervisor_mark", 1)


def test_no_table_that_the_shadow_follows_is_written_beside_the_vcpus() -> None:
    beside = Writing("bare+guest-tables+hypervisor-writes+device-writes+grants", pfn=4, vpn=2, word=2, value=6)
    trapped = beside.m.tables.trapped.add(0)
    beside.m = beside.m.but(tables=beside.m.tables.but(trapped=trapped))
    beside.refuses("no shadow follows what the page holds", "hypervisor_write", 0, 0, 1)
    beside.refuses("no shadow follows what the page holds", "physmap_add", 0, 0, 1)
    beside.refuses("no shadow follows what the page holds", "grant_write", 0, 0, 1)
    beside.refuses("no shadow follows what the pages hold", "hypervisor_write_range", 3, 0, 1, 1)
