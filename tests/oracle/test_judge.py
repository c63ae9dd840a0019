"""The judge: each rule has a recording that it rejects, and a like one that it accepts."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refmodel.checkpointed_promise import CheckpointedPromise
from refmodel.language import blank
from refmodel.oracle.events import (
    Abort,
    Activate,
    Begin,
    Block,
    Commit,
    Discard,
    Done,
    Event,
    Memory,
    Pause,
    Release,
    Round,
    Send,
    Store,
)
from refmodel.oracle.inplace import Nothing
from refmodel.oracle.judge import Judge
from refmodel.oracle.rules import RULES
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Verdict
from refmodel.promise import Ledger
from refmodel.unusable import Unusable

BEGIN = Begin(1, (Block("ram", 2),))
LOGGED = Begin(1, (Block("ram", 2),), stores="all")
SENT: tuple[Event, ...] = (Send("ram", 0, "a"), Send("ram", 1, "b"))
TRUTH: tuple[Event, ...] = (Memory("source", "ram", 0, "a"), Memory("source", "ram", 1, "b"))
END: tuple[Event, ...] = (Commit(), Activate())


def verdict(*events: Event) -> Verdict:
    judge = Judge("a test")
    for event in events:
        judge.take(event)
    return summary(judge)


def rules(*events: Event) -> list[str]:
    found = verdict(*events)
    assert (found.verdict == "violation") == bool(found.findings)
    return sorted({finding.rule for finding in found.findings})


def test_a_migration_whose_every_page_was_compared_is_accepted() -> None:
    found = verdict(BEGIN, *SENT, Round(), Pause(), *TRUTH, *END)
    assert found.verdict == "accepted"
    assert found.status == 0
    assert {checked.rule: checked.count for checked in found.checked}["the-last-store-arrives"] == 2


def test_nothing_compared_is_unusable_never_accepted() -> None:
    found = verdict(BEGIN, *SENT, Pause(), *END)
    assert (found.verdict, found.status) == ("unusable", 2)
    assert "nothing was compared" in str(found.reason)


def test_pages_of_a_block_that_were_not_compared_make_it_unusable() -> None:
    found = verdict(BEGIN, *SENT, Pause(), TRUTH[0], *END)
    assert found.verdict == "unusable"
    assert "only 1 pages of block ram" in str(found.reason)


def test_a_stale_last_copy_is_found_with_page_record_and_source() -> None:
    found = verdict(BEGIN, *SENT, Pause(), Memory("source", "ram", 0, "x"), TRUTH[1], *END)
    [finding] = found.findings
    assert (finding.rule, finding.block, finding.pfn, finding.source) == ("the-last-store-arrives", "ram", 0, "x")
    assert finding.last_record is not None
    assert finding.last_record.digest == "a"
    assert finding.contracts == ("logging", "rounds", "transport", "hand-over")
    assert found.status == 1


def test_a_stale_copy_read_while_paused_is_not_the_logs_fault() -> None:
    found = verdict(BEGIN, *SENT, Pause(), Send("ram", 0, "old"), *TRUTH, *END)
    assert found.findings[0].contracts == ("transport", "hand-over")


def test_a_page_that_was_never_sent_is_found() -> None:
    assert rules(BEGIN, SENT[0], Pause(), *TRUTH, *END) == ["every-page-is-sent"]


def test_a_target_that_holds_something_else_is_found() -> None:
    bad = Memory("target", "ram", 1, "z")
    assert rules(BEGIN, *SENT, Pause(), *TRUTH, Commit(), bad, Activate()) == ["the-target-holds-what-was-sent"]


def test_a_store_at_a_side_that_does_not_run_is_found() -> None:
    late = Store("ram", 0, "a")
    assert "stores-only-where-the-guest-runs" in rules(BEGIN, *SENT, Pause(), late, *TRUTH, *END)
    early = Store("ram", 0, side="target")
    assert rules(BEGIN, *SENT, early, Pause(), *TRUTH, *END) == ["stores-only-where-the-guest-runs"]


def test_with_every_store_known_their_order_stands_in_for_contents() -> None:
    assert verdict(LOGGED, *SENT, Pause(), *END).verdict == "accepted"
    assert verdict(LOGGED, *SENT, Store("ram", 1), Send("ram", 1, "c"), Pause(), *END).verdict == "accepted"
    assert rules(LOGGED, *SENT, Store("ram", 1), Pause(), *END) == ["a-stored-page-is-sent-again"]


def test_a_later_send_of_the_same_bytes_cannot_hide_an_unknown_store() -> None:
    assert rules(LOGGED, Store("ram", 1), *SENT, Store("ram", 1), Pause(), *END) == ["a-stored-page-is-sent-again"]


def test_stores_with_contents_are_compared_without_any_truth() -> None:
    lost = (LOGGED, *SENT, Store("ram", 1, "c"), Pause(), *END)
    assert rules(*lost) == ["the-last-store-arrives"]
    same = (LOGGED, *SENT, Store("ram", 1, "b"), Pause(), *END)
    assert verdict(*same).verdict == "accepted"


def test_a_source_that_is_not_what_was_stored_is_found() -> None:
    stored = (BEGIN, Store("ram", 0, "q"), Send("ram", 0, "a"), SENT[1], Pause(), *TRUTH, *END)
    assert rules(*stored) == ["the-source-has-what-was-stored"]


@pytest.mark.parametrize(
    "events",
    [
        (BEGIN, *SENT, *END),
        (BEGIN, *SENT, Pause(), *TRUTH, Activate()),
        (BEGIN, *SENT, Pause(), *TRUTH, Commit(), Abort()),
        (BEGIN, *SENT, Pause(), *TRUTH, *END, Abort()),
        (BEGIN, *SENT, Pause(), *TRUTH, Commit(context=False), Activate()),
        (BEGIN, *SENT, Pause(), Pause(), *TRUTH, *END),
    ],
    ids=[
        "no-pause",
        "no-commit",
        "abort-after-commit",
        "abort-after-activation",
        "without-registers",
        "paused-twice",
    ],
)
def test_two_sides_or_a_hand_over_out_of_order_is_found(events: tuple[Event, ...]) -> None:
    assert "one-side-runs" in rules(*events)


def test_nothing_may_be_sent_to_a_target_that_runs() -> None:
    assert rules(BEGIN, *SENT, Pause(), *TRUTH, *END, SENT[0]) == ["nothing-is-sent-to-a-running-target"]


POSTCOPY: tuple[Event, ...] = (BEGIN, *SENT, Pause(), Discard("ram", 1, 1), TRUTH[0], Memory("source", "ram", 1, "c"))


def test_post_copy_owes_what_the_target_dropped_until_it_is_sent_again() -> None:
    assert verdict(*POSTCOPY, *END, Send("ram", 1, "c"), Done()).verdict == "accepted"
    assert rules(*POSTCOPY, *END, Send("ram", 1, "b"), Done()) == ["the-last-store-arrives"]
    assert rules(*POSTCOPY, *END, Done()) == ["every-page-is-sent"]
    assert "before it is done" in str(verdict(*POSTCOPY, *END, Send("ram", 1, "c")).reason)


def test_after_the_switch_nothing_is_sent_that_the_target_may_have_changed() -> None:
    late = "nothing-is-sent-to-a-running-target"
    assert rules(*POSTCOPY, *END, Send("ram", 1, "c"), Send("ram", 1, "c"), Done()) == [late]
    assert rules(*POSTCOPY, *END, Send("ram", 0, "a"), Send("ram", 1, "c"), Done()) == [late]


def test_a_page_may_be_dropped_in_several_ranges() -> None:
    twice = (*POSTCOPY, Discard("ram", 0, 2), Discard("ram", 1, 1))
    assert rules(*twice, *END, Send("ram", 1, "c"), Done()) == ["every-page-is-sent"]
    assert verdict(*twice, *END, Send("ram", 1, "c"), Send("ram", 0, "a"), Done()).verdict == "accepted"


def test_a_migration_that_is_given_up_is_accepted_without_a_target() -> None:
    assert verdict(BEGIN, SENT[0], Abort()).verdict == "accepted"
    assert verdict(BEGIN, SENT[0], Pause(), Abort()).verdict == "accepted"


def test_events_that_end_in_mid_migration_are_unusable() -> None:
    assert "the events end before" in str(verdict(BEGIN, *SENT, Pause(), *TRUTH, Commit()).reason)
    assert verdict().reason == "there are no events"


def test_a_block_without_truth_is_accepted_only_while_its_copies_are_the_same() -> None:
    begin = Begin(1, (Block("ram", 2), Block("rom", 1)))
    rom = Send("rom", 0, "r")
    found = verdict(begin, *SENT, rom, rom, Pause(), *TRUTH, *END)
    assert found.verdict == "accepted"
    assert "block rom: source memory not known" in found.notes[0]
    changed = verdict(begin, *SENT, rom, Send("rom", 0, "s"), Pause(), *TRUTH, *END)
    assert changed.verdict == "unusable"
    assert "pfn 0 of block rom changed" in str(changed.reason)
    stored = verdict(begin, *SENT, Store("rom", 0), rom, Pause(), *TRUTH, *END)
    assert stored.verdict == "unusable"


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([Pause()], "pause before begin"),
        ([BEGIN, BEGIN], "a second begin"),
        ([Begin(2, (Block("ram", 1),))], "version 2"),
        ([Begin(1, (Block("ram", 0),))], "block 'ram' of 0 pages"),
        ([Begin(1, (Block("ram", 1), Block("ram", 1)))], "blocks with names of their own"),
        ([BEGIN, Send("ram", 2, "a")], "expected a pfn below 2"),
        ([BEGIN, Send("ram", -1, "a")], "expected a pfn below 2"),
        ([BEGIN, Memory("source", "rom", 0, "a")], "expected a block of ['ram']"),
        ([BEGIN, Discard("ram", 1, 2)], "2 pages from pfn 1 of 'ram'"),
        ([BEGIN, Discard("rom", 0, 1)], "expected pages of a block"),
    ],
)
def test_events_that_cannot_stand_where_they_do_are_unusable(events: list[Event], says: str) -> None:
    with pytest.raises(Unusable, match=says.replace("[", r"\[")) as unusable:
        verdict(*events)
    assert f"event {len(events)}" in str(unusable.value)


def test_a_block_of_any_claimed_length_takes_no_memory_of_its_own() -> None:
    found = verdict(Begin(1, (Block("ram", 1 << 50),)), SENT[0], Pause(), TRUTH[0], *END)
    assert {finding.rule for finding in found.findings} == {"every-page-is-sent"}
    assert len(found.findings) == 1000


FREED: tuple[Event, ...] = (LOGGED, Send("ram", 0, "a"), Release("ram", 1))


def test_a_page_that_the_guest_gave_up_need_not_be_sent_nor_be_the_same() -> None:
    held = (Memory("source", "ram", 1, "c"), Memory("target", "ram", 1, "d"))
    assert verdict(*FREED, Pause(), TRUTH[0], *held, *END).verdict == "accepted"
    assert verdict(Begin(1, (Block("ram", 1),)), Release("ram", 0), Pause(), *END).verdict == "accepted"
    assert verdict(BEGIN, Release("ram", 1), Pause(), *END).verdict == "violation"


def test_a_page_that_is_stored_to_again_must_be_sent_again() -> None:
    assert rules(*FREED, Store("ram", 1), Pause(), *END) == ["every-page-is-sent"]
    assert rules(*FREED, Send("ram", 1, "b"), Store("ram", 1), Pause(), *END) == ["a-stored-page-is-sent-again"]
    assert rules(*FREED, Store("ram", 1), Send("ram", 1, "b"), Pause(), *END) == []


def test_at_the_target_a_store_to_it_is_one_to_all_of_it() -> None:
    after = (Store("ram", 1, "e", "target"), Store("ram", 1, "f", "target"))
    assert rules(*FREED, Pause(), *END, *after) == []
    assert rules(*FREED, Send("ram", 1, "b"), Pause(), *END, Release("ram", 1), *after) == []
    assert rules(*FREED, Store("ram", 1), Send("ram", 1, "b"), Pause(), *END, Release("ram", 1), *after) == []


def test_every_rule_is_a_guard_or_claim_of_the_promise() -> None:
    promise = CheckpointedPromise()
    for rule in RULES.values():
        assert rule.of in promise.steps or rule.of in promise.claims, rule.name


def test_nothing_equals_only_itself() -> None:
    assert Nothing() != Nothing()
    assert repr(Nothing()) == "nothing"


PAGES = st.integers(0, 1)
DIGESTS = st.sampled_from(["a", "b"])
EVENTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(Send, st.just("ram"), PAGES, DIGESTS),
    st.builds(Store, st.just("ram"), PAGES, st.none() | DIGESTS, st.sampled_from(["source", "target"])),
    st.builds(Memory, st.sampled_from(["source", "target"]), st.just("ram"), PAGES, DIGESTS),
    st.builds(Commit, st.booleans()),
    *(
        st.just(event)
        for event in (Pause(), Activate(), Abort(), Round(), Done(), Discard("ram", 1, 1), Release("ram", 1))
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([BEGIN, LOGGED]), st.lists(EVENTS, max_size=14))
def test_the_ledger_in_place_judges_as_the_persistent_one_does(begin: Begin, events: list[Event]) -> None:
    """The maps that the judge updates in place have the specification's own persistent maps as their reference."""
    sizes = {"pfn": 2, "word": 1, "vpn": 1, "cpu": 1, "value": 2}
    persistent = blank(Ledger, sizes)
    memory = persistent.held.memory
    for page in (0, 1):
        memory = memory.set((page, 0), Nothing())  # type: ignore[arg-type]
    persistent = persistent.but(held=persistent.held.but(memory=memory))
    judges = (Judge("a test"), Judge("a test", persistent))
    for judge in judges:
        with suppress(Unusable):
            for event in (begin, *events):
                judge.take(event)
    assert summary(judges[0]) == summary(judges[1])
