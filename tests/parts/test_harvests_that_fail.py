"""The log is copied leaf by leaf; a copy or a round that fails gives its bits back; pages may be deferred."""

from refmodel.state import Stage
from tests.parts.harvesting import Harvesting


def dirty(d: Harvesting, *pages: int) -> None:
    """The guest dirties pages after all has been sent."""
    for page in pages:
        d.store(0, page, 1)


def test_a_mark_made_after_its_leaf_was_copied_stays_for_the_next_harvest() -> None:
    d = Harvesting("bare+leaf-by-leaf").set_up((0, 0), (1, 1), (2, 2))
    d.send()
    dirty(d, 1)
    d.do("harvest_hold")
    d.do("harvest_leaf", 0)
    d.do("harvest_leaf", 1)
    assert d.m.log.dirty.is_empty
    assert d.m.leaves.found.members() == [1]
    d.m = d.spec.marked(d.m, 1)
    d.do("next_round")
    assert d.m.rounds.to_send.members() == [1]
    assert d.m.log.dirty.members() == [1]


def test_the_log_is_cleared_only_when_every_leaf_has_been_copied() -> None:
    d = Harvesting("bare+leaf-by-leaf").set_up((0, 0))
    d.send()
    d.do("harvest_hold")
    d.do("harvest_leaf", 0)
    d.refuses("the leaf has not been copied yet", "harvest_leaf", 0)
    d.refuses("every leaf has been copied", "next_round")
    d.do("harvest_leaf", 1)
    d.do("next_round")
    d.refuses("a CLEAN is under way, and not all of the log has been copied", "harvest_fails")


def test_a_copy_that_fails_midway_loses_no_bit_and_may_be_repeated() -> None:
    d = Harvesting("bare+leaf-by-leaf").set_up((0, 0), (1, 1), (2, 2))
    d.send()
    dirty(d, 0, 1)
    d.do("harvest_hold")
    d.do("harvest_leaf", 0)
    assert d.m.log.dirty.members() == [1]
    d.do("harvest_fails")
    assert d.m.log.dirty.members() == [0, 1]
    assert d.m.rounds.to_send.is_empty
    d.store(0, 0, 2).harvest().send().stop().hand_over()
    assert d.m.target.memory[0, 0] == 2


def test_a_round_that_fails_goes_back_into_the_log() -> None:
    d = Harvesting("bare+put-back+protect-at-harvest").set_up((0, 0), (1, 1))
    d.send(0)
    d.do("round_fails")
    assert d.m.log.dirty.members() == [1, 2]
    d.refuses("the round still owes something", "round_fails")
    d.harvest().send().stop().hand_over()


def test_a_deferred_page_is_sent_in_the_last_round_and_not_before() -> None:
    d = Harvesting("bare+deferred-pages+protect-at-harvest").set_up((0, 0))
    d.do("transfer_clear", 1)
    d.do("transfer_defer")
    assert d.m.transfer.stage == Stage.IDLE
    d.send(0, 2).harvest()
    assert d.m.rounds.to_send.is_empty
    assert d.m.deferred.members() == [1]
    d.stop()
    assert d.m.rounds.to_send.members() == [1]
    assert d.m.deferred.is_empty
    d.hand_over()


def test_a_page_is_not_deferred_once_a_word_is_sent_nor_in_the_last_round() -> None:
    d = Harvesting("bare+deferred-pages+protect-at-harvest").set_up((0, 0))
    d.do("transfer_clear", 1)
    d.do("transfer_read", 0)
    d.refuses("no word of the page has been sent", "transfer_defer")
    d.do("transfer_done")
    d.stop()
    d.do("transfer_clear", 0)
    d.refuses("the guest runs: in the last round this is an error", "transfer_defer")
