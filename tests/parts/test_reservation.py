"""The target reserves a container for the guest, or refuses; and what becomes of the container: by hand."""

import pytest

from refmodel.handover.failure_state import Container
from refmodel.language import Action
from refmodel.state import Phase
from tests.parts.changing import Changing

FAILING = "seed"
CANNOT = "the target has reserved a container for the guest"


def committed() -> Changing:
    d = Changing(FAILING, pfn=1).live().send().stop()
    d.do("send_registers", 0).do("send_table").do("commit")
    return d


def test_before_the_target_has_reserved_nothing_is_sent_and_the_guest_is_not_stopped() -> None:
    d = Changing(FAILING, pfn=1).do("begin").do("enter_shadow", 0)
    d.refuses(CANNOT, "send_configuration")
    for step in ("start_rounds", "pause"):
        d.refuses(CANNOT, step)
    d.do("reserve").refuses("the target has reserved nothing yet", "reserve")
    d.refuses("the target has reserved nothing yet", "reservation_refused")
    d.do("send_configuration").do("start_rounds")


def test_a_refusal_ends_the_migration_and_the_guest_has_run_on() -> None:
    d = Changing(FAILING, pfn=1).do("begin").do("reservation_refused")
    assert d.m.phase == Phase.ABORTED
    assert d.m.hand_over.source_runs
    assert d.m.container != Container.RESERVED


def test_a_target_that_is_not_heard_neither_reserves_nor_refuses() -> None:
    d = Changing(FAILING, pfn=1).do("begin").do("enter_shadow", 0).do("lose_wire")
    for step in ("reserve", "reservation_refused"):
        d.refuses("question and answer reach the other side", step)
    for step in ("start_rounds", "pause"):
        d.refuses(CANNOT, step)
    d.do("wire_error")


def test_a_target_that_hears_of_an_abort_frees_its_container() -> None:
    d = Changing(FAILING, pfn=1).live().do("abort")
    assert d.m.container != Container.RESERVED


@pytest.mark.parametrize("loss", ["lose_wire", "lose_source"])
def test_a_target_that_is_cut_off_before_the_commit_frees_its_container_by_itself(loss: str) -> None:
    d = Changing(FAILING, pfn=1).live()
    d.refuses("it hears nothing any more, and has nothing from which to start the guest", "reservation_freed")
    d.do(loss)
    assert d.m.container == Container.RESERVED
    d.do("reservation_freed")
    assert d.m.container != Container.RESERVED


def test_a_container_may_be_freed_before_the_source_finds_the_wire_broken_or_after() -> None:
    d = Changing(FAILING, pfn=1).live().do("lose_wire").do("reservation_freed").do("wire_error")
    assert d.m.container != Container.RESERVED
    d = Changing(FAILING, pfn=1).live().do("lose_wire").do("wire_error")
    assert d.m.container == Container.RESERVED
    d.do("reservation_freed")


def test_a_target_that_was_told_to_take_the_guest_keeps_its_container_until_it_is_fenced() -> None:
    d = committed().do("lose_wire")
    d.refuses("it hears nothing any more, and has nothing from which to start the guest", "reservation_freed")
    d.do("find_out")
    assert d.m.container != Container.RESERVED
    d = committed().do("lose_source")
    d.refuses("it hears nothing any more, and has nothing from which to start the guest", "reservation_freed")
    d.do("acknowledge").do("activate")
    assert d.m.container == Container.RESERVED


def test_a_container_is_lost_with_its_host() -> None:
    assert committed().do("lose_target").m.container == Container.GONE


def test_a_migration_that_leaves_a_container_to_a_target_that_hears_of_it_breaks_the_law() -> None:
    spec = Changing(f"{FAILING}+second-hop", pfn=1).spec
    law = spec.claims["every_migration_reserves_anew"]
    d = Changing(f"{FAILING}+second-hop", pfn=1).live().do("lose_wire").do("wire_error")
    for wire in (True, False):
        before = d.m.but(failed=d.m.failed.but(wire=wire))
        after = spec.take(before, Action("begin"))
        assert (spec.broken(law, after, d.sizes, before) is None) == wire


def test_every_migration_reserves_anew() -> None:
    d = Changing(f"{FAILING}+second-hop", pfn=1).live().do("lose_wire").do("wire_error").do("begin")
    d.refuses(CANNOT, "send_configuration")
    d = Changing(f"{FAILING}+second-hop", pfn=1).live().send().stop().arrive().do("go_on_from_target")
    assert d.m.container != Container.RESERVED
    d.do("begin").do("reserve").do("send_configuration")


def test_a_target_with_a_checkpoint_keeps_its_container_though_it_hears_nothing_any_more() -> None:
    d = Changing("seed+checkpoints", pfn=1).do("begin").do("harvest_blow").do("harvest_flush", 0)
    d.do("harvest_release").do("reserve").do("send_configuration").do("pause").do("final_harvest")
    d.do("transfer_clear", 0).do("transfer_read", 0).do("transfer_done").do("send_registers", 0).do("send_table")
    d.do("checkpoint_take").do("checkpoint_whole").do("lose_source")
    d.refuses("it hears nothing any more, and has nothing from which to start the guest", "reservation_freed")
    d.do("checkpoint_applied").do("take_over")
    assert d.m.container == Container.RESERVED
