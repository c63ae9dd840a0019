"""Zero pages and deltas, by hand: what the target knows to be zero, and what the cache says that it holds."""

from tests.parts.sending import WORDS, Sending

ZEROS = "bare+zero-pages"
DELTAS = "bare+delta-cache"
BOTH = "bare+zero-pages+delta-cache"


def send_zero(d: Sending, page: int) -> None:
    d.take_up(page)
    for word in range(WORDS):
        d.do("zero_scan", word)
    d.do("zero_send")


def test_a_zero_page_is_made_zero_whatever_was_there() -> None:
    d = Sending(ZEROS).set_up()
    assert d.held(0) == [1, 1]
    send_zero(d, 0)
    assert d.held(0) == [0, 0]
    send_zero(d, 1)
    d.stop().finish()


def test_of_a_page_that_is_known_to_be_zero_the_first_zero_page_is_passed_over() -> None:
    d = Sending(ZEROS)
    memory = d.m.target.memory.set((0, 0), 0).set((0, 1), 0)
    zeros = d.m.zeros.but(fresh=d.m.zeros.fresh.filled())
    d.m = d.spec.initial(d.m.but(target=d.m.target.but(memory=memory), zeros=zeros)).but(rounds=d.m.rounds)
    assert d.m.zeros.fresh.members() == [0]
    d.set_up((0, 0))
    send_zero(d, 0)
    assert d.m.zeros.received[0]
    assert not d.spec.is_known_zero(d.m, 0)
    d.store_word(0, 0, 3).send(1).do("next_round")
    d.send(0)
    d.store_word(0, 0, 0).do("next_round")
    send_zero(d, 0)
    assert d.held(0) == [0, 0]


def test_a_word_that_is_not_zero_ends_the_search_and_the_page_is_sent_as_it_is() -> None:
    d = Sending(ZEROS).set_up((0, 0)).store_word(0, 1, 2).take_up(0)
    d.do("zero_scan", 0)
    d.refuses("the word is zero", "zero_scan", 1)
    d.refuses("every word of the page was found zero", "zero_send")
    d.do("transfer_read", 0)
    d.refuses("nothing of the page has been sent", "zero_scan", 1)
    d.do("transfer_read", 1)
    d.do("transfer_done")
    assert d.held(0) == [0, 2]


def test_a_page_that_is_stored_to_while_it_is_looked_at_is_sent_as_zero_and_is_dirty_again() -> None:
    d = Sending(ZEROS).set_up((0, 0)).take_up(0)
    d.do("zero_scan", 0)
    d.store_word(0, 0, 2)
    d.do("zero_scan", 1)
    d.do("zero_send")
    assert d.held(0) == [0, 0]
    assert d.m.log.dirty[0]


def test_a_page_that_turns_from_data_to_zero_is_made_zero() -> None:
    d = Sending(ZEROS).set_up((0, 0)).store_word(0, 0, 2).send(0).send(1)
    d.store_word(0, 0, 0).do("next_round")
    send_zero(d, 0)
    assert d.held(0) == [0, 0]


def test_only_what_has_changed_is_sent() -> None:
    d = Sending(DELTAS, place=4, pfn=1).set_up((0, 0)).send(0)
    assert d.m.fifo.words.size == WORDS
    d.arrive().store_word(0, 1, 3).do("next_round")
    d.send(0)
    assert [word for _, word in d.m.fifo.words.members()] == [1]
    d.arrive()
    assert d.held(0) == [0, 3]


def test_a_page_that_takes_a_line_drives_the_other_out() -> None:
    d = Sending(DELTAS, place=4, line=1).set_up((0, 0)).send(0)
    assert (d.m.cache.page[0], d.m.cache.words.size) == (0, WORDS)
    d.take_up(1)
    d.do("transfer_read", 0)
    assert (d.m.cache.page[0], d.m.cache.words.members()) == (1, [(0, 0)])


def test_a_page_whose_line_has_no_memory_is_sent_all_the_same() -> None:
    d = Sending(DELTAS, place=4, line=2).set_up((0, 1)).store_word(0, 0, 2).send(1)
    assert d.m.cache.words.is_empty
    d.arrive()
    assert d.held(1) == [2, 0]


def test_a_zero_page_takes_its_line_so_that_the_next_delta_is_against_zeros() -> None:
    d = Sending(BOTH, place=4, pfn=1).set_up((0, 0)).store_word(0, 0, 2).send(0)
    d.store_word(0, 0, 0).do("next_round")
    send_zero(d, 0)
    assert [d.m.cache.value[0, word] for word in range(WORDS)] == [0, 0]
    d.store_word(0, 0, 2).do("next_round")
    d.arrive()
    assert d.held(0) == [0, 0]
    d.send(0)
    d.arrive()
    assert d.held(0) == [2, 0]


def test_on_a_queue_a_zero_page_arrives_as_that() -> None:
    d = Sending(BOTH, place=4, pfn=1).set_up((0, 0)).store_word(0, 0, 0).store_word(0, 1, 0)
    send_zero(d, 0)
    [place] = {place for place, _ in d.m.fifo.words.members()}
    assert d.m.fifo.whole[place]
    d.do("wire_deliver", place, 0, 1)
    assert d.held(0) == [0, 0]
    assert d.m.fifo.words.is_empty


def test_after_an_abort_the_cache_is_empty() -> None:
    d = Sending(DELTAS, place=4).set_up().send(0)
    d.do("abort")
    assert d.m.cache.words.is_empty
