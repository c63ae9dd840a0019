"""Does the oracle's verdict on a run's events agree with the run?

The events are those of a recorder that sees level A: stores, sends, who runs, and what both sides hold. What the
guest notices the oracle must find, of any machine; a run of a right machine or a sound variant it must accept if it
comes to its end. The promise's ledger, which says what the guest notices, is stepped from the run, not from its events.
"""

import io
from collections.abc import Sequence
from random import Random

from attrs import define

from fuzz.mix import MOST_STEPS, SHARES
from fuzz.questions.question import ALL, Disagreement, Known, Machines, Walk, feature, tail_of, walked
from refmodel.compose import CHOICES
from refmodel.language import Actor
from refmodel.oracle.events import Abort, Activate, Discard, Done, Event
from refmodel.oracle.observed import judged, observed, without_contents
from refmodel.oracle.observer import Observer
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.events_file import dumps, read_events
from refmodel.oracle.verdict import Verdict
from refmodel.parts import PARTS
from refmodel.search.complete import to_the_end
from refmodel.variants import VARIANTS

__all__ = ["Verdicts", "choices"]

_AS_IT_IS = 4
"""One schedule in so many is asked about as it is; to the others the engine adds steps."""


def choices(name: str, variant: str | None = None) -> list[tuple[str, str | None]]:
    """The machine and its variants, sound and wrong; the variant alone where there is one. ``all``: of all machines."""
    if variant is not None:
        return [(name, variant)]
    if name == ALL:
        return [*((each, None) for each in CHOICES), *((v.machine, v.name) for v in VARIANTS.values())]
    return [(name, None), *((name, v.name) for v in VARIANTS.values() if v.machine == name)]


@define
class Verdicts:
    """The question, of a machine with all its variants."""

    machines: Machines

    @classmethod
    def of(cls, name: str, variant: str | None = None) -> "Verdicts":
        """The question, of a machine and its variants, or of one variant."""
        return cls(Machines(choices(name, variant), claims=False))

    def ask(self, data: bytes) -> set[int]:
        """The abstract states that were met, and what the oracle said."""
        schedule, tail = tail_of(data)
        known = self.machines.chosen(tail[0] | tail[1] << 8)
        walk = walked(known, schedule if tail[2] % _AS_IT_IS == 0 else _gone_on(schedule, tail))
        observer = Observer(known.runner.spec, walk.states[0])
        for before, action, after in walk.steps:
            observer.take(before, action, after)
        observer.end(walk.states[-1])
        recordings = [tuple(events) for events in observer.recordings]
        for events in recordings:
            _is_read_again(known, events)
        verdict = judged(recordings)
        if walk.course.finding is None:
            _is_accepted(known, walk, recordings)
        elif not verdict.findings:
            _is_found_at_the_end(known, walk)
        rules = "".join(sorted({found.rule for found in verdict.findings}))
        return walk.features | {feature(f"{known.name} {known.variant} {verdict.verdict} {rules}")}


def _gone_on(schedule: bytes, tail: bytes) -> bytes:
    """The engine goes on by itself, since most runs at random end before the guest runs at the target."""
    chance = Random(tail)
    more = (bytes([chance.randrange(SHARES[Actor.ENGINE]), chance.randrange(256)]) for _ in range(MOST_STEPS))
    return schedule + b"".join(more)


def _is_read_again(known: Known, events: tuple[Event, ...]) -> None:
    again = tuple(read_events(ByteSource(io.BytesIO(dumps(events)), "events")))
    if again != events:
        raise _no(known, "file", f"{events} are read again as {again}")


def _is_accepted(known: Known, walk: Walk, recordings: Sequence[tuple[Event, ...]]) -> None:
    """A right machine's migrations are accepted once they are over, with contents and by order alone."""
    if known.variant is not None and not VARIANTS[known.variant].sound:
        return  # the oracle may see before the guest does that a page was never sent, or marked
    is_by_contents = isinstance(known.runner.spec, PARTS["delta-cache"].cls)  # what is as the target has it is not sent
    for events in recordings:
        for how, seen in (("contents", events), ("order", without_contents(events))):
            if how == "order" and is_by_contents:
                continue
            verdict = judged([seen])
            if verdict.findings or (_is_over(events) and verdict.verdict != "accepted"):
                raise _no(known, f"not accepted by {how}", f"{_said(verdict)}; {_steps(walk)}")


def _is_over(events: Sequence[Event]) -> bool:
    """Given up, or the guest runs at the target, which has all pages that it dropped."""
    kinds = {type(event) for event in events}
    return Abort in kinds or (Activate in kinds and (Discard not in kinds or Done in kinds))


def _is_found_at_the_end(known: Known, walk: Walk) -> None:
    """What a guest notices while it runs at the source shows in the events once the source stands still.

    Not observable is what it notices at a source that never stands still again, as after an abort: nobody can tell
    the memory of a guest that runs.
    """
    course = walk.course
    assert course.finding is not None
    assert course.finding.noticed is not None
    whole = to_the_end(known.schedule(course.sizes, course.rounds, course.actions))
    if judged(observed(whole)).findings:
        return
    m = whole.start()
    for action in whole.actions:
        m = known.runner.spec.take(m, action)
    if not m.hand_over.source_runs or m.hand_over.target_runs:
        what = course.finding.noticed.what
        raise _no(known, "missed", f"the guest notices: {what}; the oracle finds nothing; {_steps(walk)}")


def _said(verdict: Verdict) -> str:
    found = [f"{finding.rule}: {finding.message}" for finding in verdict.findings]
    return "; ".join(found) or f"{verdict.verdict}: {verdict.reason}"


def _steps(walk: Walk) -> str:
    return f"{dict(walk.course.sizes)}, {walk.course.rounds} rounds: {', '.join(map(str, walk.course.actions))}"


def _no(known: Known, key: str, message: str) -> Disagreement:
    name = f"{known.name} ({known.variant})" if known.variant else known.name
    return Disagreement(f"{name}, oracle, {key}", message)
