"""Two clients of one log by hand: each has bits of its own, and neither ends the other's logging."""

from tests.parts.switching import Switching

CLIENTS = "bare+second-stage+two-clients"


def tracking() -> Switching:
    return Switching(CLIENTS).use(0, 0).do("track_start").protect()


def test_a_mark_goes_to_both_and_each_takes_its_own() -> None:
    d = Switching(CLIENTS).set_up().send()
    d.do("track_start").do("track_clean", 0).store(0, 0, 1)
    assert d.m.clients.seen[0]
    assert d.m.log.dirty.members() == [0]
    d.do("track_clean", 0)
    assert d.m.log.dirty.members() == [0]
    d.do("next_round").send().finish()


def test_after_the_tracker_has_taken_its_bit_the_next_store_faults_again() -> None:
    d = tracking().do("track_clean", 0).store(0, 0, 1)
    d.do("track_clean", 0)
    d.refuses("a page of video memory has been written", "track_clean", 0)
    d.refuses("a page of video memory has been written", "track_clean", 1)
    d.refuses("the TLB has a writable entry for the page", "guest_store", 0, 0, 0, 2)
    d.store(0, 0, 2)
    assert d.m.clients.seen[0]


def test_a_log_that_the_tracker_has_switched_on_is_not_switched_on_again() -> None:
    d = tracking().store(0, 0, 1)
    d.do("begin").do("send_configuration").do("log_enable").do("start_rounds")
    assert d.m.log_mode.read_only.members() == [1]
    d.send().finish()


def test_the_mode_stays_on_while_one_of_the_two_uses_it() -> None:
    d = tracking().do("begin").do("log_enable").do("track_stop")
    d.refuses("the last client has gone", "log_teardown")
    assert d.m.log_mode.on
    d.do("track_start").do("abort")
    assert d.m.log_mode.on
    d.do("track_stop").do("log_teardown")
    assert not d.m.log_mode.on


def test_a_client_that_comes_before_the_mode_is_torn_down_keeps_it() -> None:
    d = tracking().do("track_stop").do("begin").do("log_enable")
    d.refuses("no client has come since", "log_teardown")
    d.do("send_configuration").do("start_rounds").send().store(0, 1, 2)
    d.do("next_round").send().finish()
