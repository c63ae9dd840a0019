"""Free-page hints by hand: epochs, pages held back, pages taken again."""

from tests.parts.changing import Changing

HINTS = "bare+free-hints"


def test_a_page_that_is_free_is_put_aside_and_sent_once_it_is_taken_again() -> None:
    d = Changing(HINTS, pfn=1).live().do("release_page", 0).send()
    assert d.m.rounds.to_send.is_empty
    assert d.m.hints.free.members() == [0]
    d.store(3)
    assert d.m.hints.free.is_empty
    assert d.m.log.dirty.members() == [0]
    d.stop().arrive()
    assert d.m.target.memory[0, 0] == 3


def test_the_guest_holds_a_page_back_until_its_hint_has_been_used() -> None:
    d = Changing(HINTS, pfn=1).live().store(1)
    d.do("release_page", 0)
    d.refuses("the page has not been hinted at in this epoch", "release_page", 0)
    d.refuses("the guest does not hold the page back", "guest_store", 0, 0, 0, 2)
    d.protect(0).do("transfer_skip").store(2)


def test_a_hint_does_not_outlive_its_epoch() -> None:
    d = Changing(HINTS, pfn=1).live().send().store(1)
    d.do("release_page", 0).do("next_round")
    assert d.m.hints.stale.members() == [0]
    d.store(2)
    d.protect(0)
    d.refuses("what the page holds does not matter", "transfer_skip")
    d.do("transfer_read", 0).do("transfer_done").stop().arrive()
    assert d.m.target.memory[0, 0] == 2


def test_a_page_is_protected_before_it_is_put_aside() -> None:
    d = Changing(HINTS, pfn=1).live().do("release_page", 0)
    d.do("transfer_clear", 0)
    d.refuses("nothing can write the page unseen", "transfer_skip")
    d.do("transfer_mark")
    d.refuses("nothing can write the page unseen", "transfer_skip")


def test_a_free_page_need_not_arrive_and_is_stored_over_at_the_target() -> None:
    d = Changing(HINTS, pfn=1).live().store(3)
    d.do("release_page", 0).send().stop().arrive()
    d.refuses("the page that it names is the guest's", "target_store", 0, 0, 1)
    d.do("target_take", 0, 2)
    d.refuses("the guest has released the page", "target_take", 0, 2)
    d.do("target_store", 0, 0, 1)


def test_after_an_abort_the_guest_waits_for_nobody() -> None:
    d = Changing(HINTS, pfn=1).live().store(1)
    d.do("release_page", 0).do("abort").do("guest_store", 0, 0, 0, 2)
    d.refuses("rounds are running", "release_page", 0)


def test_a_hint_of_another_epoch_loses_what_the_guest_stored_since() -> None:
    d = Changing(HINTS, "hint-of-any-epoch", pfn=1).live().send().store(1)
    d.do("release_page", 0).do("next_round")
    d.store(2).protect(0)
    d.breaks("a_page_that_is_not_owed_is_equal_at_the_target", "transfer_skip")
