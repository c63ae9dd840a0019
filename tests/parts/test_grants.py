"""Pages mapped from outside: written unseen, marked when the mapping ends, and at the end while it lasts."""

import pytest

from tests.parts.writing import Writing

MACHINE = "bare+grants"


@pytest.fixture
def sent() -> Writing:
    """Every page sent once, page 0 alone still mapped."""
    return Writing(MACHINE).do("grant_unmap", 1).do("grant_unmap", 2).begin().sent()


def test_a_mapped_page_may_be_sent_live_and_is_still_owed(sent: Writing) -> None:
    assert sent.m.rounds.to_send.is_empty
    assert sent.spec.is_owed(sent.m, 0)
    assert not sent.spec.is_owed(sent.m, 1)


def test_what_was_written_through_a_mapping_is_marked_when_it_ends(sent: Writing) -> None:
    sent.do("grant_map", 1).do("grant_write", 1, 0, 3).do("next_round")
    assert sent.m.rounds.to_send.is_empty
    sent.do("grant_unmap", 1)
    assert sent.m.log.dirty.members() == [1]


def test_a_mapping_that_lasts_is_marked_for_the_last_harvest(sent: Writing) -> None:
    sent.do("grant_write", 0, 0, 3).do("pause")
    sent.refuses("no other writer is at work", "final_harvest")
    sent.do("mark_mapped", 0).refuses("the page has not been marked for the last time", "mark_mapped", 0)
    sent.refuses("the page is mapped", "mark_mapped", 1)
    sent.do("final_harvest").handed_over()
    assert sent.m.granted.mapped[0]
    assert sent.m.target.memory[0, 0] == 3


def test_backends_stand_still_with_the_guest(sent: Writing) -> None:
    sent.do("pause").refuses("backends run", "grant_write", 0, 0, 3)
    sent.do("mark_mapped", 0).do("abort")
    assert sent.m.granted.marked_last.is_empty
    sent.do("grant_write", 0, 0, 3).do("grant_unmap", 0)
    assert sent.m.log.dirty.members() == [0]


def test_a_page_is_marked_for_the_last_time_at_the_stop_alone(sent: Writing) -> None:
    sent.refuses("the source's vCPUs stand still", "mark_mapped", 0)


def test_backends_write_what_they_have_mapped(sent: Writing) -> None:
    sent.refuses("the page is mapped", "grant_write", 1, 0, 3)
    sent.refuses("the page is mapped", "grant_unmap", 1)
    sent.refuses("the page is not mapped yet", "grant_map", 0)


def test_without_a_migration_an_unmap_marks_nothing() -> None:
    assert Writing(MACHINE).do("grant_unmap", 0).m.log.dirty.is_empty


def test_a_mark_at_the_map_alone_is_seen_at_the_unmap() -> None:
    wrong = Writing(MACHINE, "marks-at-map").begin().sent().do("grant_write", 0, 0, 3)
    wrong.breaks("a_page_that_is_mapped_no_longer_is_marked", "grant_unmap", 0)
