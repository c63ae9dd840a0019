"""A paravirtual guest's tables, by hand: types that change, numbers that are put in and taken out, pinning."""

import pytest

from refmodel.compose import chosen
from tests.parts.sending import Sending

TABLES = "bare+pv-tables"


def send(d: Sending, page: int = 0) -> None:
    d.take_up(page)
    d.do("transfer_read", 0)
    d.do("transfer_done")


def driving(values: int = 2) -> Sending:
    return Sending(TABLES, word=1, pfn=1, vpn=1, value=values)


def finish(d: Sending) -> None:
    for step in (("send_registers", 0), "send_table", "commit", "acknowledge", "activate"):
        d.do(step) if isinstance(step, str) else d.do(*step)
    assert d.m.target.memory == d.m.source.memory
    assert d.m.types.pinned == d.m.types.tables


def test_a_table_holds_frames_and_goes_with_the_numbers_of_pages() -> None:
    d = driving(3).set_up()
    assert d.spec.frame_holds(d.m, 0, 0) == 0
    d.do("pin_table", 0)
    assert (d.spec.frame_holds(d.m, 0, 0), d.m.names.their_p2m[0]) == (1, 1)
    send(d)
    assert d.m.types.sent[0]
    assert d.m.target.memory[0, 0] == 0


def test_a_frame_is_another_at_the_target() -> None:
    d = driving(3)
    assert list(d.m.names.p2m.cells) == [1, 0, 2]
    assert list(d.m.names.their_p2m.cells) == [1, 2, 0]
    assert [d.spec.delocalised(d.m, d.spec.localised(d.m, number)) for number in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("step", ["pin_table", "unpin_table"])
def test_a_page_that_changes_its_type_while_it_is_read_is_dirty_again(step: str) -> None:
    d = driving().set_up()
    if step == "unpin_table":
        d.do("pin_table", 0)
    d.take_up(0)
    d.do(step, 0)
    d.do("transfer_read", 0)
    assert d.m.target.memory[0, 0] == 1, "what was read by the wrong type means something else"
    d.do("transfer_done")
    assert d.spec.is_owed(d.m, 0)
    d.do("next_round")
    send(d)
    assert d.m.target.memory[0, 0] == 0
    d.stop()
    if step == "pin_table":
        d.do("pin_at_target", 0)
    finish(d)


def test_what_cannot_be_normalised_is_put_off_to_the_last_round_where_it_is_an_error() -> None:
    d = driving(3).set_up((0, 0))
    d.store_word(0, 0, 2)
    d.do("pin_table", 0)
    d.take_up(0)
    d.refuses("the entry can be normalised", "transfer_read", 0)
    d.do("normalise_fails", 0)
    assert d.m.deferred[0]
    d.stop()
    assert d.m.rounds.to_send[0]
    d.do("transfer_clear", 0)
    d.refuses("the entry can be normalised", "transfer_read", 0)
    d.refuses("the guest runs: in the last round this is an error", "normalise_fails", 0)
    d.do("abort")


def test_what_can_be_normalised_is_not_put_off() -> None:
    d = driving().set_up()
    d.do("pin_table", 0)
    d.take_up(0)
    d.refuses("the entry cannot be normalised", "normalise_fails", 0)


def test_the_commit_waits_for_every_table_to_be_pinned() -> None:
    d = driving().set_up()
    d.do("pin_table", 0)
    d.stop()
    d.refuses("every page has been sent", "pin_at_target", 0)
    send(d)
    d.do("send_registers", 0)
    d.do("send_table")
    d.refuses("no page is owed", "commit")
    d.do("pin_at_target", 0)
    d.refuses("a table that is not pinned yet", "pin_at_target", 0)
    d.do("commit")
    assert d.m.target.memory == d.m.source.memory


def test_the_hypervisor_lets_a_table_name_pages_of_the_guests_alone() -> None:
    d = driving(3)
    names = d.m.names.but(pages=d.m.names.pages.discard(2))
    d.m = d.m.but(names=names)
    d.set_up((0, 0)).store_word(0, 0, 2)
    d.refuses("it names frames of the guest's own alone", "pin_table", 0)
    d.store_word(0, 0, 1)
    d.do("pin_table", 0)
    d.refuses("a table names frames of the guest's own alone", "guest_store", 0, 0, 0, 2)
    d.refuses("the page is not a table", "pin_table", 0)


def test_the_part_brings_deferral_with_it() -> None:
    _, parts = chosen(TABLES)
    assert {"pv-tables", "deferred-pages"} <= {part.name for part in parts}
