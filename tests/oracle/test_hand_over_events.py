"""Who still has the guest: given up, acknowledged, discarded, fenced, lost; each rule with what it rejects."""

import pytest

from refmodel.language import Action
from refmodel.oracle.events import (
    Abort,
    Acknowledge,
    Activate,
    Begin,
    Block,
    Checkpoint,
    Commit,
    Destroy,
    Event,
    Fence,
    Lost,
    Memory,
    Pause,
    Resume,
    Send,
    Takeover,
    Whole,
)
from refmodel.oracle.judge import Judge
from refmodel.oracle.observed import judged, observed
from refmodel.oracle.rules import OF_CHECKPOINTS, OF_HOSTS
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Verdict
from refmodel.schedules.schedule import Schedule

LEFT = "given-up-the-guest-runs-on"
KEPT = "the-source-is-kept-until-the-target-has-the-guest"
DROPPED = "a-checkpoint-counts-until-both-sides-drop-it"
BEGIN = Begin(1, (Block("ram", 1),))
SENT: tuple[Event, ...] = (BEGIN, Send("ram", 0, "a"), Pause(), Memory("source", "ram", 0, "a"))
PROTECTED: tuple[Event, ...] = (*SENT, Checkpoint(), Whole(), Resume())


def verdict(*events: Event) -> Verdict:
    judge = Judge("a test")
    for event in events:
        judge.take(event)
    return summary(judge)


@pytest.mark.parametrize(
    "events",
    [
        (BEGIN, Abort()),
        (BEGIN, Pause(), Abort()),
        (BEGIN, Lost(), Abort(runs=False, told=False)),
        (BEGIN, Fence(), Abort(told=False)),
        (*SENT, Acknowledge(), Commit(), Destroy(), Activate()),
        (*SENT, Commit(), Acknowledge(), Activate(), Destroy()),
        (*SENT, Commit(), Lost(), Activate()),
        (*PROTECTED, Abort()),
        (*PROTECTED, Fence(), Abort(told=False)),
        (*PROTECTED, Lost(), Takeover()),
    ],
    ids=lambda events: " ".join(type(event).__name__.lower() for event in events),
)
def test_a_guest_that_somebody_has_is_accepted(events: tuple[Event, ...]) -> None:
    assert verdict(*events).verdict == "accepted"


@pytest.mark.parametrize(
    ("rule", "says", "events"),
    [
        (LEFT, "the guest runs on at the source", (BEGIN, Abort(runs=False))),
        (LEFT, "the guest runs on at the source", (BEGIN, Pause(), Abort(runs=False))),
        (KEPT, "the target is known to have the guest", (*SENT, Commit(), Destroy(), Activate())),
        (KEPT, "the target is known to have the guest", (*SENT, Commit(), Activate(), Destroy())),
        (KEPT, "the target can run the guest", (*SENT, Commit(), Fence(), Acknowledge())),
        (KEPT, "the source stands still", (BEGIN, Acknowledge(), Abort())),
        ("one-side-runs", "the source is there", (BEGIN, Lost(), Abort())),
        ("one-side-runs", "the target is not known to have the guest", (*SENT, Acknowledge(), Abort())),
        ("one-side-runs", "the target has not been fenced", (*SENT, Commit(), Fence(), Activate())),
        ("one-side-runs", "the target does not run yet", (*SENT, Commit(), Activate(), Fence())),
        ("one-side-runs", "the source is there", (*SENT, Commit(), Lost(), Lost(), Activate())),
        ("one-side-runs", "the target has not been fenced", (*PROTECTED, Lost(), Fence(), Takeover())),
        (DROPPED, "the guest can go on at the source", (*PROTECTED, Lost(), Abort(runs=False))),
        (DROPPED, "the target hears of it, or has been fenced", (*PROTECTED, Abort(told=False))),
    ],
    ids=str,
)
def test_a_guest_that_is_lost_or_risked_is_found(rule: str, says: str, events: tuple[Event, ...]) -> None:
    findings = verdict(*events).findings
    assert (rule, True) in [(found.rule, found.message.endswith(says)) for found in findings]
    assert {found.rule for found in findings} <= {rule, LEFT, "one-side-runs"}


def test_of_a_guest_that_died_with_its_host_it_is_said_so() -> None:
    assert "the source runs on" in verdict(BEGIN, Abort()).notes[0]
    assert "the guest with it" in verdict(BEGIN, Lost(), Abort(runs=False)).notes[0]


def test_a_rule_is_told_of_where_there_was_something_to_check() -> None:
    plain, told = verdict(*SENT, Commit(), Activate()), verdict(*SENT, Commit(), Acknowledge(), Destroy(), Activate())
    listed = {each.rule for each in plain.checked} | {each.rule for each in plain.unchecked}
    assert not listed & {*OF_HOSTS, *OF_CHECKPOINTS}
    assert {checked.rule: checked.count for checked in told.checked}[KEPT] == 2
    assert {checked.rule: checked.count for checked in verdict(BEGIN, Abort()).checked}[LEFT] == 1


ONE = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "dev": 1}
BEGUN = (Action("begin"), Action("request_submit", (0,)), Action("send_configuration"))
LIVE = (Action("enter_shadow", (0,)), Action("start_rounds"))
STOPPED = (Action("pause"), Action("final_harvest"))
MOVED = (
    *(Action("transfer_clear", (0,)), Action("transfer_read", (0,)), Action("transfer_done")),
    *(
        Action("send_registers", (0,)),
        Action("send_table"),
        Action("commit"),
        Action("acknowledge"),
        Action("activate"),
    ),
)


@pytest.mark.parametrize(
    ("variant", "actions", "rules"),
    [
        (None, (*STOPPED, Action("request_carry", (0,)), *MOVED), []),
        (None, (Action("request_complete", (0,)), *STOPPED, *MOVED), []),
        ("request-left-behind", (*STOPPED, *MOVED), ["one-side-runs"]),
        (
            "request-done-twice",
            (*LIVE, Action("request_carry", (0,)), Action("request_complete", (0,)), *STOPPED, *MOVED),
            ["one-side-runs"],
        ),
    ],
)
def test_a_request_that_is_lost_or_done_twice_shows_in_the_devices_state(
    variant: str | None, actions: tuple[Action, ...], rules: list[str]
) -> None:
    """It travels with the context: with a request that the source has done, or without one that it has not."""
    schedule = Schedule("bare+requests", variant, ONE, 1, (*BEGUN, *actions))
    assert sorted({found.rule for found in judged(observed(schedule)).findings}) == rules
