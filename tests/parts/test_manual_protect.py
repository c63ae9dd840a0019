"""KVM's bitmap with manual protect: what a sync fetches, what a CLEAR takes, and in which order pages may be sent."""

import pytest

from refmodel.search.explore import Outcome
from refmodel.search.find import search
from tests.parts.logging_with_kvm import WithKvm


@pytest.fixture
def live() -> WithKvm:
    """Pages 0 and 2 in chunk 0, page 1 in chunk 1; rounds run."""
    return WithKvm("bare+manual-protect").do("start_rounds")


def test_a_page_may_be_sent_once_its_chunk_is_cleared(live: WithKvm) -> None:
    guard = "the page's chunk has been cleared"
    live.refuses(guard, "transfer_clear", 0)
    live.do("clear_dirty_log", 0)
    live.refuses(guard, "transfer_clear", 0)
    live.each_cpu("clear_flush").send(0)
    live.refuses(guard, "transfer_clear", 1)
    live.clear(1).send()
    live.refuses("the chunk's clearing has been put off", "clear_dirty_log", 1)


def test_a_store_between_the_clear_and_the_send_is_logged_and_sent_again(live: WithKvm) -> None:
    live.clear(0).do("write_fault", 0, 2, 0)
    assert live.m.log.dirty.members() == [1, 2]
    live.store(0, 2, 3).send(2)
    assert live.m.rounds.to_send.members() == [0, 1]
    live.clear(1).send().do("next_round")
    assert live.m.rounds.to_send.members() == [2]
    assert live.m.slot.fetched.members() == [2]


def test_a_clear_leaves_bits_that_no_sync_has_seen(live: WithKvm) -> None:
    live.clear(0).clear(1).send().do("write_fault", 0, 2, 0).do("next_round")
    live.do("write_fault", 0, 0, 0).clear(0)
    assert live.m.log.dirty.members() == [0], "page 2 was fetched, page 0 was not"
    live.send().do("next_round")
    assert live.m.rounds.to_send.members() == [0]


def test_a_sync_clears_nothing_and_protects_nothing(live: WithKvm) -> None:
    live.clear(0).clear(1).send().do("write_fault", 1, 0, 0).do("next_round")
    assert live.spec.permits(live.m, 0)
    live.store(1, 0, 2).clear(0)
    assert not live.spec.permits(live.m, 0)
    assert not live.m.cpus.writable[1, 0]


def test_no_get_comes_between_a_clear_and_its_return(live: WithKvm) -> None:
    live.do("clear_dirty_log", 0)
    live.refuses("no CLEAR is under way", "clear_dirty_log", 1)
    live.refuses("no CLEAR is under way", "pause")
    live.refuses("no CLEAR is under way", "recreate_slot")
    live.each_cpu("clear_flush").clear(1).send().do("write_fault", 0, 0, 0).do("next_round").do("clear_dirty_log", 0)
    live.each_cpu("clear_flush").do("pause").finish()


def test_a_slot_made_anew_has_every_bit_set_and_none_fetched(live: WithKvm) -> None:
    live.clear(0).clear(1).send().do("recreate_slot").do("next_round")
    assert live.m.rounds.to_send.is_full
    live.clear(0).do("recreate_slot").clear(1)
    assert live.m.log.dirty.is_full, "page 1's bit is new: the copy does not have it"
    live.send(1)
    assert live.spec.is_marked(live.m, 1)


def test_an_abort_leaves_nothing_behind(live: WithKvm) -> None:
    live.do("clear_dirty_log", 0).do("abort")
    slot = live.m.slot
    assert slot.revoked.is_empty
    assert slot.fetched.is_empty
    assert not slot.clearing
    assert live.spec.permits(live.m, 0)


@pytest.mark.slow
def test_two_pages_in_two_chunks_are_searched() -> None:
    sizes = {"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "chunk": 2}
    found = search("bare+manual-protect", None, sizes, rounds=0, max_states=20_000)
    assert found.explored.outcome is not Outcome.BROKEN
