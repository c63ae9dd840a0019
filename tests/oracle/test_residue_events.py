"""What a migration takes for itself: reserved before the stream begins, and given back where it is given up."""

from typing import Any

import pytest

from refmodel.compose import compose, patched
from refmodel.language import Action
from refmodel.logging.dirty_ring import DirtyRing
from refmodel.migration import AnyMachine
from refmodel.oracle.events import (
    Abort,
    Acknowledge,
    Activate,
    Begin,
    Block,
    Commit,
    Configure,
    Destroy,
    Event,
    Logging,
    Lost,
    Memory,
    Pause,
    Reserve,
    Send,
)
from refmodel.oracle.judge import Judge
from refmodel.oracle.observed import judged
from refmodel.oracle.observer import Observer
from refmodel.oracle.rules import OF_RESIDUE
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Verdict

FIRST, LEFT = OF_RESIDUE
BEGIN = Begin(1, (Block("ram", 1),))
MOVED: tuple[Event, ...] = (*(Send("ram", 0, "a"), Pause(), Memory("source", "ram", 0, "a"), Commit(), Activate()),)


def verdict(*events: Event) -> Verdict:
    judge = Judge("a test")
    for event in (BEGIN, *events):
        judge.take(event)
    return summary(judge)


@pytest.mark.parametrize(
    "events",
    [
        (Reserve(True), Configure(), Logging(True), *MOVED),
        (Configure(), *MOVED),
        (Logging(True), *MOVED, Acknowledge(), Destroy()),
        (Logging(True), Logging(True, "devices"), Logging(False), Logging(False, "devices"), Abort()),
        (Reserve(True), Configure(), Reserve(False), Abort()),
        (Reserve(True), Abort(told=False)),
        (Logging(True), Reserve(True), Lost(), Abort(runs=False)),
        (Reserve(True), Reserve(False), Configure(), Abort()),
    ],
    ids=lambda events: " ".join(type(event).__name__.lower() for event in events),
)
def test_what_is_reserved_first_and_given_back_is_accepted(events: tuple[Event, ...]) -> None:
    assert verdict(*events).verdict == "accepted"


@pytest.mark.parametrize(
    ("rule", "says", "events"),
    [
        (FIRST, "before the target had said yes", (Configure(), Reserve(True), *MOVED)),
        (LEFT, "stores of vcpus are logged still", (Logging(True), Abort())),
        (LEFT, "stores of vcpus are logged still", (Logging(False), Logging(True), Abort(told=False))),
        (LEFT, "stores of devices are logged still", (Logging(True, "devices"), Logging(False), Abort())),
        (LEFT, "a guest that will not come", (Reserve(True), Abort())),
        (LEFT, "a guest that will not come", (Reserve(True), Reserve(False), Reserve(True), Abort())),
    ],
    ids=str,
)
def test_what_is_left_or_comes_too_early_is_found(rule: str, says: str, events: tuple[Event, ...]) -> None:
    [found] = verdict(*events).findings
    assert found.rule == rule
    assert found.message.endswith(says)
    assert found.contracts == ("hand-over",)


def test_where_nothing_of_it_is_told_nothing_is_asked() -> None:
    for plain in (verdict(*MOVED), verdict(Abort())):
        assert not {each.rule for each in plain.checked} & {*OF_RESIDUE}
        assert not {each.rule for each in plain.unchecked} & {*OF_RESIDUE}
    told = verdict(Reserve(True), Configure(), Logging(True), Logging(False), Reserve(False), Abort())
    counts = {each.rule: each.count for each in told.checked}
    assert (counts[FIRST], counts[LEFT]) == (1, 2)


class RingsRunOn(DirtyRing[Any]):
    def logging_ended(self, m: Any) -> Any:
        return super().logging_ended(m).but(ring_protection=m.ring_protection)


@pytest.mark.parametrize(
    ("spec", "rules"),
    [(compose("bare+dirty-ring")(), []), (patched("bare+dirty-ring", "rings-run-on", RingsRunOn)(), [LEFT])],
)
def test_a_recorder_sees_that_rings_are_left_on(spec: AnyMachine, rules: list[str]) -> None:
    m = spec.start({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "entry": 1})
    seen = Observer(spec, m)
    for action in (Action("begin"), Action("enter_shadow", (0,)), Action("ring_start"), Action("abort")):
        after = spec.take(m, action)
        seen.take(m, action, after)
        m = after
    seen.end(m)
    assert [each.rule for each in judged(seen.recordings).findings] == rules
