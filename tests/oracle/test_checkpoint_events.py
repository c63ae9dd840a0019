"""Checkpoints as the oracle sees them: what a takeover goes back to, and what may have been let out by then."""

import pytest

from refmodel.oracle.events import (
    VERSION,
    Begin,
    Block,
    Checkpoint,
    Emit,
    Event,
    Memory,
    Output,
    Pause,
    Resume,
    Send,
    Store,
    Takeover,
    Whole,
)
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.summary import verdict_of
from refmodel.oracle.verdict import Verdict
from refmodel.unusable import Unusable

BEGIN = Begin(VERSION, (Block("ram", 1),), "all")
FIRST = (BEGIN, Send("ram", 0, "a"), Pause(), Checkpoint(), Whole(), Resume())
"""One page, and a first checkpoint of it."""
LATER = (Store("ram", 0, "b"), Emit("1"), Pause(), Checkpoint())
"""And a second one, on its way."""
TAKEOVER = "a-takeover-goes-back-to-a-whole-checkpoint"
OUTPUT = "output-waits-for-its-checkpoint"


def verdict(*events: Event) -> Verdict:
    judge = Judge("a test")
    for event in events:
        judge.take(event)
    return verdict_of(Evidence(judge))


def rules(*events: Event) -> list[str]:
    return [finding.rule for finding in verdict(*events).findings]


def test_a_target_that_takes_over_has_the_last_checkpoint() -> None:
    assert verdict(*FIRST, Pause(), Takeover()).verdict == "accepted"
    assert verdict(*FIRST, *LATER, Whole(), Send("ram", 0, "b"), Takeover()).verdict == "accepted"


def test_what_is_stored_after_it_is_taken_back() -> None:
    held = Memory("target", "ram", 0, "a")
    assert rules(*FIRST, Store("ram", 0, "b"), Pause(), held, Takeover()) == []
    assert rules(*FIRST, *LATER, Resume(), Store("ram", 0, "c"), Pause(), held, Takeover()) == []
    assert rules(*FIRST, *LATER, Whole(), held, Takeover()) == [TAKEOVER]


def test_what_is_applied_of_a_checkpoint_that_is_not_whole_is_a_finding() -> None:
    [finding] = verdict(*FIRST, *LATER, Send("ram", 0, "b"), Takeover()).findings
    assert finding.rule == TAKEOVER
    assert finding.message == "the target holds b of the page; in the checkpoint it is a"
    assert finding.classes == ("M32",)


def test_there_has_to_be_a_checkpoint_and_its_context() -> None:
    assert rules(BEGIN, Send("ram", 0, "a"), Pause(), Takeover()) == [TAKEOVER]
    assert rules(*FIRST, Pause(), Takeover(context=False)) == [TAKEOVER]
    assert rules(BEGIN, Pause(), Checkpoint(), Whole(), Takeover()) == ["every-page-is-sent"]


def test_a_source_that_runs_is_not_taken_over_from() -> None:
    assert rules(*FIRST, Takeover()) == ["one-side-runs"]
    assert rules(BEGIN, Checkpoint()) == ["one-side-runs"]
    assert rules(BEGIN, Resume()) == ["one-side-runs"]
    assert rules(*FIRST, Pause(), Takeover(), Store("ram", 0)) == ["stores-only-where-the-guest-runs"]


def test_output_is_let_out_once_a_whole_checkpoint_knows_of_it() -> None:
    assert rules(*FIRST, *LATER, Whole(), Output("1"), Send("ram", 0, "b"), Takeover()) == []
    assert rules(*FIRST, *LATER, Output("1"), Takeover()) == [OUTPUT]
    assert rules(*FIRST, *LATER, Whole(), Resume(), Emit("2"), Output("2"), Pause()) == [OUTPUT]


def test_without_a_page_that_is_known_there_is_no_verdict() -> None:
    some = Begin(VERSION, (Block("ram", 1),))
    found = verdict(some, *FIRST[1:], Pause(), Takeover())
    assert (found.verdict, found.findings) == ("unusable", ())


def test_a_checkpoint_is_whole_only_once_it_was_taken() -> None:
    with pytest.raises(Unusable, match="whole before checkpoint"):
        verdict(BEGIN, Whole())
    with pytest.raises(Unusable, match="memory after takeover"):
        verdict(*FIRST, Pause(), Takeover(), Memory("target", "ram", 0, "a"))


def test_rules_of_checkpoints_are_named_only_where_checkpoints_are_taken() -> None:
    plain = verdict(BEGIN, Send("ram", 0, "a"))
    assert not {TAKEOVER, OUTPUT} & {each.rule for each in plain.unchecked}
    assert OUTPUT in {each.rule for each in verdict(*FIRST).unchecked}
