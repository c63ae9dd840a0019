"""Post-copy by hand: the switch, pages on demand, a wire that is lost and found, and the end."""

import pytest

from refmodel.language import Action, Refused
from refmodel.state import Phase
from tests.parts.changing import Changing
from tests.parts.postcopying import POST, Switching


def test_what_is_owed_is_dropped_and_can_neither_be_read_nor_written() -> None:
    d = Switching(POST, pfn=2).switched()
    assert d.m.postcopy.awaited.is_full
    d.refuses("the page that it names is the guest's", "target_store", 0, 0, 3)
    d.do("push", 0).take(0)
    assert d.m.target.memory[0, 0] == 2
    d.do("target_store", 0, 0, 3)
    assert d.m.postcopy.awaited.members() == [1]


def test_a_page_that_was_sent_before_the_switch_is_not_dropped() -> None:
    d = Switching(POST, pfn=2).live().store(2).stop().send(0).do("switch")
    assert d.m.postcopy.awaited.members() == [1]
    d.refuses("no switch has been made", "transfer_clear", 1)


def test_an_access_asks_for_its_page_which_then_comes_first() -> None:
    d = Switching(POST, pfn=2).switched().do("target_fault", 0)
    d.refuses("the page is not there, and nobody waits for it yet", "target_fault", 0)
    d.refuses("nothing is asked for", "push", 1)
    d.do("reply", 0).do("push", 1).take(0)
    assert d.m.postcopy.waiting.is_empty


def test_a_request_that_crosses_with_its_page_is_not_answered_again() -> None:
    d = Switching(POST, pfn=2).switched().do("push", 0).do("target_fault", 0).do("reply", 0)
    assert d.m.postcopy.requested.is_empty
    assert not d.m.rounds.to_send[0]
    d.refuses("the target has asked for the page", "reply", 0)
    d.refuses("the source owes the page", "push", 0)


def test_what_was_on_the_wire_when_it_was_lost_is_sent_again_and_what_came_is_not_written_over() -> None:
    d = Switching(POST, pfn=2).switched().do("push", 0).do("push", 1).do("receive", 0).do("target_fault", 0)
    d.do("lose_wire")
    d.refuses("the page is on the wire", "receive", 1)
    d.refuses("the wire is there, since a switch to post-copy", "push", 0)
    d.do("recover")
    assert d.m.rounds.to_send.is_full
    assert d.m.postcopy.requested[0]
    d.do("reply", 0).do("fill_word", 0, 0).do("place_page", 0).do("target_store", 0, 0, 3).take(0)
    assert d.m.target.memory[0, 0] == 3


def test_a_page_is_there_only_once_every_word_of_it_is() -> None:
    d = Switching(POST, pfn=1, word=2).switched().do("push", 0).do("receive", 0).do("fill_word", 0, 0)
    d.refuses("every word has been copied", "place_page", 0)


def test_a_switch_is_taken_back_until_the_commit_and_not_after_it() -> None:
    d = Switching(POST, pfn=1).live().stop().do("switch").do("abort")
    assert d.m.postcopy.awaited.is_empty
    assert not d.m.postcopy.switched
    d = Switching(POST, pfn=1).switched()
    d.refuses("the source has not committed", "abort")


def test_once_the_source_owes_nothing_more_no_page_is_fetched() -> None:
    d = Switching(POST, pfn=2).switched().do("push", 0).do("push", 1).take(0)
    d.refuses("all that was sent is in place", "end_postcopy")
    d.take(1).do("end_postcopy")
    assert not d.m.postcopy.switched
    d.refuses("the guest runs at the target, since a switch to post-copy", "end_postcopy")


def test_what_is_dropped_is_gone_before_something_of_it_comes() -> None:
    d = Switching(POST, pfn=1).committed().do("push", 0)
    d.refuses("the target runs", "drop_page", 0, 3)
    d.do("acknowledge").do("activate").do("receive", 0)
    d.refuses("what the page held has been dropped", "fill_word", 0, 0)
    d.do("drop_page", 0, 3)
    assert d.m.target.memory[0, 0] == 3
    d.refuses("the target has been told to drop the page", "drop_page", 0, 3)
    d.do("fill_word", 0, 0).do("place_page", 0)
    assert d.m.target.memory[0, 0] == 2


def test_with_nothing_owed_there_is_nothing_to_switch_for() -> None:
    d = Switching(POST, pfn=1).live().stop().send()
    d.refuses("pages are owed", "switch")
    d.arrive()
    assert d.m.phase == Phase.AFTER
    assert not d.m.postcopy.switched


def test_a_guest_moves_on_only_with_all_of_its_memory() -> None:
    d = Switching(f"{POST}+second-hop", pfn=1).switched()
    d.refuses("all of its memory is there", "go_on_from_target")
    d.do("push", 0).take(0).do("go_on_from_target")
    assert d.m.source.memory[0, 0] == 2
    assert not d.m.postcopy.switched


def test_steps_of_post_copy_are_of_no_other_machine() -> None:
    d = Changing("bare", pfn=1).live()
    with pytest.raises((AttributeError, Refused)):
        d.spec.take(d.m, Action("switch"))
