"""The events of a schedule, as a recorder would have seen them, and what the oracle finds in them."""

from collections.abc import Iterable

from attrs import evolve

from refmodel.oracle.events import Event, Memory, Store
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.observer import Observer
from refmodel.oracle.summary import verdict_of
from refmodel.oracle.verdict import Verdict
from refmodel.schedules.schedule import Schedule
from refmodel.search.complete import to_the_end

__all__ = ["finding_on", "judged", "observed", "without_contents"]


def observed(schedule: Schedule) -> tuple[tuple[Event, ...], ...]:
    """The events of each migration that the schedule begins; Refused at an action that the machine cannot take."""
    spec, m = schedule.specification(), schedule.start()
    observer = Observer(spec, m)
    for action in schedule.actions:
        after = spec.take(m, action)
        observer.take(m, action, after)
        m = after
    observer.end(m)
    return tuple(tuple(events) for events in observer.recordings)


def without_contents(events: Iterable[Event]) -> tuple[Event, ...]:
    """The same as seen by a recorder that knows which pages were stored to, and no contents but those sent."""
    bare = (evolve(event, digest=None) if isinstance(event, Store) else event for event in events)
    return tuple(event for event in bare if not isinstance(event, Memory))


def judged(recordings: Iterable[Iterable[Event]]) -> Verdict:
    """The verdict on the first migration in which something is found, else on the last."""
    verdict = Verdict("unusable", reason="no migration begins")
    for number, events in enumerate(recordings, 1):
        judge = Judge(f"migration {number}")
        for event in events:
            judge.take(event)
        verdict = verdict_of(Evidence(judge))
        if verdict.findings:
            return verdict
    return verdict


def finding_on(schedule: Schedule) -> Verdict:
    """What the oracle says of a schedule's events; one that is not over yet is brought to its end by the engine."""
    return judged(observed(to_the_end(schedule)))
