"""Populate on demand by hand: what comes into being is marked, what has not is not sent."""

from tests.parts.changing import Changing

PAGES = "bare+populate-on-demand"


def test_a_page_that_is_populated_in_mid_round_is_marked_and_sent() -> None:
    d = Changing(PAGES, pfn=1).live().send()
    assert d.m.rounds.to_send.is_empty
    d.refuses("the frame that it names is there", "shadow_fill", 0)
    d.do("populate", 0, 0, 2)
    assert d.m.log.dirty.members() == [0]
    d.do("shadow_fill", 0).stop().arrive()
    assert d.m.target.memory[0, 0] == 2
    d.refuses("the page has not been populated", "target_populate", 0, 1)


def test_a_page_that_is_not_populated_comes_into_being_at_the_target() -> None:
    d = Changing(PAGES, pfn=1).live().stop().arrive()
    d.refuses("the page that it names is the guest's", "target_store", 0, 0, 3)
    d.do("target_populate", 0, 1).do("target_store", 0, 0, 3)
    assert d.m.target.memory[0, 0] == 3


def test_a_page_that_is_given_back_has_no_entry_left() -> None:
    d = Changing(PAGES, pfn=1).live().do("populate", 0, 0, 1).do("shadow_fill", 0).do("mmu_walk", 0, 0)
    d.do("decrease_reservation", 0)
    assert d.m.shadow.present.is_empty
    assert d.m.cpus.present.is_empty
    d.refuses("the page has been populated", "decrease_reservation", 0)
    d.refuses("the frame that the guest lets be written is there", "write_fault", 0, 0, 0)
    d.do("populate", 0, 0, 2).send().stop().arrive()
    assert d.m.target.memory[0, 0] == 2


def test_unmarked_it_never_arrives() -> None:
    d = Changing(PAGES, "populate-unmarked", pfn=1).live().send()
    d.breaks("what_differs_from_its_last_copy_was_noted", "populate", 0, 0, 2)
    d.stop().arrive()
    assert d.m.target.memory[0, 0] != 2
