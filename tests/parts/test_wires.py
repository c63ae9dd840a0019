"""What is on its way, by hand: a queue keeps the order, channels have a barrier, an abort loses what is under way."""

import pytest

from refmodel.compose import chosen
from refmodel.machines import machine
from tests.parts.sending import WORDS, Sending

QUEUE = "bare+fifo-wire"
CHANNELS = "bare+channels"


def test_a_record_waits_for_all_that_were_sent_before_it() -> None:
    d = Sending(QUEUE, place=4).set_up((0, 0)).store_word(0, 0, 1).send(0)
    assert d.m.fifo.words.size == WORDS
    d.refuses("all that was sent before it has arrived", "wire_deliver", 1, 0, 1)
    d.arrive()
    assert d.held(0) == [1, 0]


def test_an_old_version_may_arrive_while_a_new_one_is_on_its_way() -> None:
    d = Sending(QUEUE, place=8).set_up((0, 0), (1, 1))
    d.store_word(0, 0, 1).send(0, 1).store_word(0, 0, 2).do("next_round")
    d.send(0)
    assert [d.m.fifo.value[place, 0] for place in (0, 4)] == [1, 2]
    d.arrive(0)
    assert d.held(0) == [1, 0]
    assert d.spec.in_flight(d.m, 0)
    d.arrive(1, 2, 3, 4, 5)
    assert d.held(0) == [2, 0]
    assert not d.spec.in_flight(d.m, 0)


def test_a_full_queue_takes_no_more() -> None:
    d = Sending(QUEUE, place=2).set_up()
    d.send(0).take_up(1)
    d.refuses("the wire has room", "transfer_read", 0)
    d.arrive(0)
    d.do("transfer_read", 0)
    assert d.m.fifo.pages[0, 1]


def test_the_commit_waits_for_what_is_on_its_way() -> None:
    d = Sending(QUEUE, place=4).set_up().stop().send()
    d.do("send_registers", 0)
    d.do("send_table")
    d.arrive(0, 1, 2)
    d.refuses("no page is owed", "commit")
    d.arrive(3)
    d.do("commit")


@pytest.mark.parametrize("name", [QUEUE, CHANNELS])
def test_an_abort_loses_what_is_on_its_way_and_then_nothing_counts_as_read(name: str) -> None:
    d = Sending(name, place=4, chan=2).set_up((0, 0))
    d.store_word(0, 0, 1).send(0).do("abort")
    assert not d.spec.in_flight(d.m, 0)
    assert d.held(0) == [0, 0]
    assert d.m.ghost.copied == d.m.target.memory


def leave(d: Sending, chan: int, page: int) -> None:
    for word in range(WORDS):
        d.do("channel_send", chan, page, word)


def come(d: Sending, chan: int, page: int) -> None:
    for word in range(WORDS):
        d.do("channel_deliver", chan, page, word)


def test_channels_take_turns_and_deliver_in_any_order() -> None:
    d = Sending(CHANNELS).set_up().send(0, 1)
    assert d.m.channels.pages.members() == [(0, 0), (1, 1)]
    leave(d, 0, 0)
    leave(d, 1, 1)
    come(d, 1, 1)
    come(d, 0, 0)
    assert d.spec.is_synchronised(d.m)


def test_a_channel_takes_one_page_at_a_time() -> None:
    d = Sending(CHANNELS, chan=1).set_up().send(0).take_up(1)
    d.do("transfer_read", 0)
    d.do("transfer_read", 1)
    d.refuses("the channel whose turn it is has nothing left", "transfer_done")


def test_what_leaves_is_what_is_there_by_then_and_the_page_is_dirty_again() -> None:
    d = Sending(CHANNELS).set_up((0, 0)).send(0)
    d.do("channel_send", 0, 0, 0)
    d.store_word(0, 0, 2).store_word(0, 1, 3)
    d.do("channel_send", 0, 0, 1)
    come(d, 0, 0)
    assert d.held(0) == [0, 3]
    assert d.m.log.dirty[0]


def test_no_harvest_and_no_commit_before_the_channels_are_synchronised() -> None:
    d = Sending(CHANNELS).set_up((0, 0)).send(0, 1)
    leave(d, 0, 0)
    d.refuses("the round has sent all that it owed", "next_round")
    d.do("pause")
    d.refuses("the channels have been synchronised", "final_harvest")
    come(d, 0, 0)
    leave(d, 1, 1)
    d.refuses("the channels have been synchronised", "final_harvest")
    come(d, 1, 1)
    d.do("final_harvest")
    d.finish()


def test_the_barrier_keeps_a_second_version_from_being_sent_on_top_of_the_first() -> None:
    d = Sending(CHANNELS, pfn=1).set_up((0, 0))
    d.store_word(0, 0, 1).send(0)
    leave(d, 0, 0)
    d.store_word(0, 0, 2)
    d.refuses("the round has sent all that it owed", "next_round")
    assert machine(CHANNELS, "no-barrier-between-rounds").next_round(d.m).rounds.to_send[0]


def test_a_machine_has_one_wire_and_a_cache_brings_the_queue() -> None:
    def parts(name: str) -> set[str]:
        return {part.name for part in chosen(name)[1]}

    assert "fifo-wire" not in parts("bare+fifo-wire+channels")
    assert "channels" not in parts("bare+delta-cache+channels")
    assert "fifo-wire" in parts("bare+channels+delta-cache")
