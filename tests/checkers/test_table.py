"""docs/checkers.md is what the tests of the checkers hold."""

from collections.abc import Iterable

from refmodel.oracle.all_rules import all_rules
from refmodel.oracle.events import Event
from refmodel.oracle.observed import observed, without_contents
from tests.checkers.claims import broken_in
from tests.checkers.table import PAGE, breaks_beside, page, shown_by, targets
from tests.checkers.test_oracle_rules import RUNS, rules_of
from tests.variants.make_schedules import stored

TEXT = PAGE.read_text()


def events_of(label: str) -> Iterable[Event]:
    """The events that a row names: a run's, or those of a stored schedule."""
    if label in RUNS:
        return RUNS[label]().events
    name, _, rest = label.partition(" ")
    number, _, bare = rest.partition(",")
    events = observed(stored(name))[int(number)]
    return without_contents(events) if bare else events


def test_the_page_is_as_it_is_made() -> None:
    assert page(shown_by(TEXT), breaks_beside(TEXT)) == TEXT, (
        "make it anew: python -m tests.checkers.table >docs/checkers.md"
    )


def test_the_events_that_it_names_are_found_by_that_rule_alone() -> None:
    named = shown_by(TEXT)
    for rule, label in named.items():
        events = tuple(events_of(label))
        assert rules_of(events) == [rule], label
        assert rules_of(events, without=rule) == [], label
    about_events = {rule.name for rule in all_rules() if rule.about == "any"}
    assert about_events - set(named) == {"the-stream-is-whole", "a-right-machine-explains-what-was-seen"}


def test_the_variants_that_break_a_claim_with_others_do() -> None:
    named = breaks_beside(TEXT)
    assert len(named) > 50
    for claim, name in named.items():
        assert claim in broken_in(name), f"{claim} is not broken in the schedule of {name}"


def test_every_target_of_the_fuzzer_is_there() -> None:
    assert {"machine", "lifting", "agreement", "verdicts", "event_file"} <= {name for name, _ in targets()}
