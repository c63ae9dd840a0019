"""What goes over with the guest: images on shared storage, and requests in flight at the pause."""

from tests.parts.changing import Changing


def test_the_source_lets_the_images_go_before_the_commit_and_the_target_takes_them_with_the_guest() -> None:
    d = Changing("bare+shared-storage", pfn=1).live().do("disk_write").send().stop()
    d.do("send_registers", 0).do("send_table")
    d.refuses("the source has let the images go", "commit")
    d.do("inactivate_images")
    assert not d.m.images.cached
    d.do("commit").do("acknowledge").do("activate")
    assert d.m.images.at_target


def test_whoever_takes_the_guest_back_takes_the_images_back() -> None:
    d = Changing("bare+shared-storage", pfn=1).live().send().stop().do("inactivate_images").do("abort")
    assert d.m.images.at_source
    d.do("disk_write")


def test_a_request_that_has_begun_to_write_is_drained_before_the_last_harvest() -> None:
    d = Changing("bare+requests", pfn=1).live().send().do("request_submit", 0).do("request_write", 0, 0, 0, 3)
    d.do("pause").refuses("no other writer is at work", "final_harvest")
    d.do("request_drain", 0, 0).do("final_harvest")
    assert d.m.rounds.to_send[0]
    assert d.m.requests.submitted.is_empty


def test_a_request_that_has_not_begun_is_carried_over_and_done_at_the_target_once() -> None:
    d = Changing("bare+requests", pfn=1).live().store(2).send().do("request_submit", 0).stop()
    d.do("send_registers", 0).do("send_table")
    d.refuses("no page is owed", "commit")
    d.do("request_carry", 0).do("commit").do("acknowledge").do("activate").do("request_replay", 0, 0, 0, 3)
    assert d.m.target.memory[0, 0] == 3
    d.refuses("the request has been carried over", "request_replay", 0, 0, 0, 2)


def test_after_an_abort_the_sources_devices_go_on_with_their_requests() -> None:
    d = Changing("bare+requests", pfn=1).live().send().do("request_submit", 0).stop().do("request_carry", 0).do("abort")
    assert d.m.requests.carried.is_empty
    d.do("request_write", 0, 0, 0, 3).do("request_mark", 0, 0).do("request_complete", 0)
