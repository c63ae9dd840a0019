"""Writes by devices: logged by I/O address when complete, translated by the harvest, drained at the end."""

import pytest

from tests.parts.writing import Writing

MACHINE = "bare+device-writes"
IOVA, PAGE = 0, 1
"""What the only address names at first; the page of the same number is another."""


@pytest.fixture
def sent() -> Writing:
    """Every page sent once, the device logging."""
    return Writing(MACHINE).begin().do("device_start_log", 0).sent()


def complete(writing: Writing, value: int = 3) -> Writing:
    """A request writes a word, and is done."""
    return writing.do("dma_write", 0, IOVA, PAGE, 0, value).do("dma_complete", 0, IOVA, PAGE)


def test_the_harvest_translates_what_the_device_logged(sent: Writing) -> None:
    complete(sent)
    assert sent.m.log.dirty.is_empty
    assert sent.m.devices.dirty.members() == [(IOVA, PAGE)]
    sent.do("next_round")
    assert sent.m.rounds.to_send.members() == [PAGE]
    assert sent.m.devices.dirty.is_empty


def test_the_last_harvest_reads_the_devices_log(sent: Writing) -> None:
    complete(sent).do("pause").do("final_harvest").handed_over()
    assert sent.m.target.memory[PAGE, 0] == 3


def test_the_last_harvest_waits_for_requests_in_flight(sent: Writing) -> None:
    sent.do("dma_write", 0, IOVA, PAGE, 0, 3).do("pause")
    sent.refuses("no other writer is at work", "final_harvest")
    sent.refuses("the source runs", "dma_complete", 0, IOVA, PAGE)
    sent.do("device_drain", 0, IOVA, PAGE).do("final_harvest").handed_over()
    assert sent.m.target.memory[PAGE, 0] == 3


def test_rounds_wait_for_every_device_to_log() -> None:
    Writing(MACHINE).begin().do("enter_shadow", 0).refuses("every device logs", "start_rounds")


def test_a_backend_that_cannot_log_is_refused() -> None:
    unable = Writing(MACHINE).do("connect_backend", 0, False).begin()
    unable.refuses("the device's backend can log", "device_start_log", 0)


def test_with_a_device_that_cannot_log_the_guest_can_still_be_suspended() -> None:
    unable = Writing(MACHINE).do("connect_backend", 0, False).begin().do("dma_write", 0, IOVA, PAGE, 0, 3).do("pause")
    unable.do("device_drain", 0, IOVA, PAGE).do("final_harvest").handed_over()
    assert unable.m.target.memory[PAGE, 0] == 3


def test_once_it_logs_no_other_backend_takes_a_device_over() -> None:
    logging = Writing(MACHINE).begin().do("device_start_log", 0)
    logging.refuses("the device's log has not been started", "connect_backend", 0, False)
    logging.sent().refuses("rounds have not begun", "connect_backend", 0, False)


def test_an_unmap_returns_what_the_log_has_of_the_address(sent: Writing) -> None:
    complete(sent).do("iova_unmap", IOVA, PAGE)
    assert sent.m.devices.dirty.is_empty
    assert sent.m.log.dirty.members() == [PAGE]
    sent.do("iova_map", IOVA, 2).do("next_round")
    assert sent.m.rounds.to_send.members() == [PAGE]


def test_an_address_names_one_page_and_a_page_may_have_many_addresses(sent: Writing) -> None:
    sent.refuses("the address names no page", "iova_map", IOVA, 2)
    two = Writing(MACHINE, iova=2).do("iova_unmap", 0, 1).do("iova_map", 0, 2)
    assert two.m.devices.mapping.members() == [(0, 2), (1, 2)]


def test_what_a_device_uses_stays_mapped(sent: Writing) -> None:
    sent.do("dma_write", 0, IOVA, PAGE, 0, 3)
    sent.refuses("no request in flight writes the page", "iova_unmap", IOVA, PAGE)
    Writing(MACHINE, iova=2).refuses("no ring lies there", "iova_unmap", 1, 2)


def test_a_device_writes_where_its_addresses_lead(sent: Writing) -> None:
    sent.refuses("the address names the page", "dma_write", 0, IOVA, 0, 0, 3)
    sent.refuses("a request in flight has written the page", "dma_complete", 0, IOVA, PAGE)


def test_an_abort_ends_the_devices_logging(sent: Writing) -> None:
    complete(sent).do("abort")
    assert sent.m.devices.logging.is_empty
    assert sent.m.devices.dirty.is_empty
    complete(sent)
    assert sent.m.devices.dirty.is_empty


def test_a_log_left_on_after_an_abort_is_seen() -> None:
    wrong = Writing(MACHINE, "abort-leaves-devices-logging").begin().do("device_start_log", 0)
    wrong.breaks("no_device_logs_while_no_migration_runs", "abort")


def test_an_unmap_that_drops_the_entry_is_seen() -> None:
    wrong = complete(Writing(MACHINE, "iova-unmap-drops-log").begin().do("device_start_log", 0).sent())
    wrong.breaks("what_was_noted_is_still_marked", "iova_unmap", IOVA, PAGE)
