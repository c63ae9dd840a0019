"""Sending by reference, by hand: what leaves is what the page holds then, and a copy stays as it was."""

from tests.parts.sending import WORDS, Sending

LATE = "bare+late-buffer"


def test_what_leaves_is_what_the_page_holds_by_then() -> None:
    d = Sending(LATE, place=4).set_up((0, 0)).store_word(0, 0, 1).send(0)
    d.store_word(0, 0, 2).arrive()
    assert d.held(0) == [2, 0]
    assert d.spec.is_owed(d.m, 0), "what is stored while the page waits is logged all the same"


def test_a_page_is_torn_where_words_of_it_leave_between_two_stores_and_then_it_is_dirty() -> None:
    d = Sending(LATE, place=4, pfn=1, vpn=1).set_up((0, 0)).send(0)
    d.do("wire_deliver", 0, 0, 0)
    d.store_word(0, 0, 1).store_word(0, 1, 1)
    d.do("wire_deliver", 1, 0, 1)
    assert d.held(0) == [0, 1]
    assert d.spec.is_owed(d.m, 0)
    d.do("next_round")
    d.send(0).arrive()
    assert d.held(0) == [1, 1]


def test_two_references_to_a_page_bring_the_same_and_the_second_counts() -> None:
    d = Sending(LATE, place=8, pfn=1, vpn=1).set_up((0, 0)).send(0).store_word(0, 0, 1)
    d.do("next_round")
    d.send(0)
    assert d.spec.is_unread(d.m, 0, 0)
    d.arrive(0, 1)
    assert d.held(0) == [1, 0]
    assert d.spec.is_unread(d.m, 0, 0)
    d.arrive()
    assert not d.spec.in_flight(d.m, 0)


def test_the_commit_waits_for_references_too() -> None:
    d = Sending(LATE, place=4).set_up().stop().send()
    d.do("send_registers", 0)
    d.do("send_table")
    d.refuses("no page is owed", "commit")
    d.arrive()
    d.do("commit")


def test_a_zero_page_is_no_reference() -> None:
    d = Sending("bare+late-buffer+zero-pages", place=4).set_up((0, 0)).take_up(0)
    for word in range(WORDS):
        d.do("zero_scan", word)
    d.do("zero_send")
    assert d.m.references.places.is_empty
    assert not d.spec.is_unread(d.m, 0, 0)
    d.store_word(0, 0, 3).arrive()
    assert d.held(0) == [0, 0]
    assert d.spec.is_owed(d.m, 0)


def test_a_page_with_a_line_in_the_cache_is_sent_from_there() -> None:
    d = Sending("bare+late-buffer+delta-cache", place=4, line=2).set_up((0, 0), (1, 1))
    assert [d.spec.goes_by_reference(d.m, page) for page in (0, 1)] == [False, True]
    d.store_word(0, 0, 1).send(0).store_word(0, 0, 2).arrive()
    assert d.held(0) == [1, 0], "the line's copy"
