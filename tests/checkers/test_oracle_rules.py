"""Each rule of the oracle is needed: switched off, a stored schedule, or a run that is written out here, is accepted.

A rule has a witness where it is the only one that finds anything: in a wrong variant's events, seen with the contents
of pages or without, or in those of a patch that stands for no class of the catalogue.
"""

from collections.abc import Callable, Iterable
from functools import cache

import pytest

from refmodel.oracle.events import Event
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.observed import observed, without_contents
from refmodel.oracle.rules import RULES
from refmodel.oracle.summary import verdict_of
from refmodel.seed import Bare, BareState
from refmodel.state import Phase
from refmodel.variants import VARIANTS
from tests.checkers.claims import stored_names
from tests.checkers.runs import END, STOP, Run, sent
from tests.variants.make_schedules import stored


class LosesWords(Bare):
    def delivered(self, m: BareState, page: int, word: int, value: int) -> BareState:
        """A word that was read never reaches the target's memory."""
        return m


class ScribblesOnThePage(Bare):
    def final_harvest(self, m: BareState) -> BareState:
        """The engine overwrites a page of the source at the last harvest."""
        return self.stored(super().final_harvest(m), 0, 0, 2)


class SendsOn(Bare):
    def transfer_read(self, m: BareState, word: int) -> BareState:
        """The page in hand last is sent again to a target that runs."""
        return self.sent(m, m.transfer.page, word) if m.phase == Phase.AFTER else super().transfer_read(m, word)


MAPPED = ("begin", "send_configuration", ("guest_map", 0, 0, True, False), ("mmu_walk", 0, 0))
STORED = (*MAPPED, ("guest_store", 0, 0, 0, 1), "pause", "final_harvest")
RUNS: dict[str, Callable[[], Run]] = {
    "LosesWords": lambda: Run.of(LosesWords(), (*STORED, *sent(), *END)),
    "ScribblesOnThePage": lambda: Run.of(ScribblesOnThePage(), (*STORED, *sent(), *END)),
    "sent-before-reservation": lambda: Run.of(
        VARIANTS["sent-before-reservation"].spec(), ("begin", "send_configuration", "reserve", "abort")
    ),
    "SendsOn": lambda: Run.of(SendsOn(), (*STOP, *sent(), *END, ("transfer_read", 0))),
}
NOT_OF_EVENTS = {"the-stream-is-whole": "about the bytes of a stream, of which events know nothing"}
"""``COMPANIONS`` has recordings for them."""


@cache
def recordings() -> dict[str, tuple[Event, ...]]:
    """Events by name: of every stored schedule, with the contents of pages and without, and of the runs above."""
    found: dict[str, tuple[Event, ...]] = {}
    for name in stored_names():
        for number, events in enumerate(observed(stored(name))):
            found[f"{name} {number}"] = events
            found[f"{name} {number}, no contents"] = without_contents(events)
    return found | {name: run().events for name, run in RUNS.items()}


def rules_of(events: Iterable[Event], without: str = "") -> list[str]:
    """The rules that a judge finds broken; one that lacks a rule finds nothing by it."""

    class Judges(Judge):
        def find(self, rule: str, *arguments: object, **more: object) -> None:
            if rule != without:
                super().find(rule, *arguments, **more)  # type: ignore[arg-type]

    judge = Judges("a test")
    for event in events:
        judge.take(event)
    return sorted({found.rule for found in verdict_of(Evidence(judge)).findings})


@cache
def found_in() -> dict[str, list[str]]:
    return {name: rules_of(events) for name, events in recordings().items()}


def witnesses(rule: str) -> list[str]:
    return [name for name, rules in found_in().items() if rules == [rule]]


@pytest.mark.parametrize("rule", sorted(set(RULES) - set(NOT_OF_EVENTS)))
def test_a_rule_that_is_switched_off_is_missed(rule: str) -> None:
    names = witnesses(rule)
    assert names, f"nothing is found by {rule} alone"
    for name in names[:3]:
        assert rules_of(recordings()[name], without=rule) == []


def test_rules_that_are_about_no_event_say_so() -> None:
    assert set(NOT_OF_EVENTS) <= set(RULES)
    assert all(len(reason.split()) > 5 for reason in NOT_OF_EVENTS.values())


def test_the_right_machine_takes_none_of_the_runs() -> None:
    for steps in ((*STORED, *sent(), *END), (*STOP, *sent(), *END)):
        run = Run.of(Bare(), steps)
        assert (run.broken, run.noticed, rules_of(run.events)) == (frozenset(), (), [])
