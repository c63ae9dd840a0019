"""From a broken claim to what a guest would notice: the schedule goes on, with as few steps of the guest as will do.

The engine's steps alone often bring the loss to light. Where the broken claim is about a right, such as a stale
writable TLB entry, a guest that never uses it loses nothing: then the store that the right lets pass has to come too.
"""

from collections import deque
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

from attrs import evolve, frozen

from refmodel.language import Action, Actor, Refused
from refmodel.promise import Ledger
from refmodel.schedules.replay import Watch
from refmodel.schedules.schedule import Noticed, Schedule
from refmodel.search.layout import Layout
from refmodel.search.space import actions_of
from refmodel.state import Phase

__all__ = ["MOST_GUEST_STEPS", "Completion", "complete", "to_the_end"]

MOST_GUEST_STEPS = 4
"""Steps of the guest after the broken claim: to map, fill, walk and store takes four."""
_MOST_STATES = 100_000


@frozen
class Completion:
    """The schedule, with what was noticed if anything was; ``guest_steps`` taken since the broken claim."""

    schedule: Schedule
    guest_steps: int
    reason: str | None = None
    """Why nothing is noticed; None if something is."""

    @property
    def how(self) -> str:
        """Which steps brought it to light, as a sentence."""
        if self.reason:
            return self.reason
        if not self.guest_steps:
            return "the engine's steps alone bring it to light"
        few = f"{self.guest_steps} step{'s' if self.guest_steps > 1 else ''}"
        return f"the guest takes {few} more; the engine's steps bring it to light"


@frozen
class _Point:
    """Where a completion has come to."""

    state: Any
    ledger: Ledger
    way: tuple[Action, ...]


class _Walker:
    """The steps that a completion may take, and what is noticed after each."""

    def __init__(self, schedule: Schedule) -> None:
        self.spec = schedule.specification()
        steps = self.spec.steps
        actions = actions_of(self.spec, schedule.sizes)
        self.engine = [action for action in actions if steps[action.step].actor is Actor.ENGINE]
        self.guest = [action for action in actions if steps[action.step].actor is Actor.GUEST]
        self.machines = Layout(self.spec.state, schedule.sizes)
        self.ledgers = Layout(Ledger, schedule.sizes)
        self.seen: set[Any] = set()

    def from_start(self, schedule: Schedule) -> tuple[_Point, Noticed | None]:
        """The point that the schedule leads to, and what was noticed on the way."""
        state = schedule.start()
        watch = Watch(self.spec, state)
        noticed = None
        for number, action in enumerate(schedule.actions, 1):
            after = self.spec.take(state, action)
            what = watch.step(state, action, after)
            if what and not noticed:
                noticed = Noticed(what, number)
            state = after
        return _Point(state, watch.ledger, schedule.actions), noticed

    def step(self, point: _Point, action: Action) -> tuple[_Point, str | None] | None:
        """The point after the action, and what is noticed there; None if refused, or if nothing is new there."""
        try:
            after = self.spec.take(point.state, action)
        except Refused:
            return None
        watch = Watch(self.spec, point.state)
        watch.ledger = point.ledger
        what = watch.step(point.state, action, after)
        key = (self.machines.fetch(after), self.ledgers.fetch(watch.ledger))
        if what is None and key in self.seen:
            return None
        self.seen.add(key)
        return _Point(after, watch.ledger, (*point.way, action)), what


def complete(schedule: Schedule, most_guest_steps: int = MOST_GUEST_STEPS) -> Completion:
    """Extend a schedule to what the guest notices: with the fewest steps of the guest, and then the fewest of all.

    A schedule that lets the guest notice already is cut there. ``noticed`` stays None where nothing is found, with the
    reason beside it.
    """
    walker = _Walker(schedule)
    start, noticed = walker.from_start(schedule)
    if noticed:
        return Completion(evolve(schedule, noticed=noticed), 0)
    found: list[tuple[_Point, str | None]] = [(start, None)]
    for guest_steps in range(most_guest_steps + 1):
        if guest_steps:
            found = [
                after
                for point, _ in found
                for action in walker.guest
                if (after := walker.step(point, action)) is not None
            ]
        reached: list[tuple[_Point, str | None]] = []
        turn = count()
        waiting = [(len(point.way), next(turn), point, what) for point, what in found]
        heapify(waiting)
        while waiting:
            _, _, point, at_once = heappop(waiting)
            if at_once:
                there = Noticed(at_once, len(point.way))
                return Completion(evolve(schedule, actions=point.way, noticed=there), guest_steps)
            reached.append((point, None))
            for action in walker.engine:
                after = walker.step(point, action)
                if after is None:
                    continue
                further, what = after
                if what:
                    there = Noticed(what, len(further.way))
                    return Completion(evolve(schedule, actions=further.way, noticed=there), guest_steps)
                heappush(waiting, (len(further.way), next(turn), further, None))
        found = reached
        if len(walker.seen) > _MOST_STATES:
            break
    return Completion(schedule, 0, _why_unnoticed(schedule, guest_steps))


def to_the_end(schedule: Schedule) -> Schedule:
    """The schedule gone on with by the engine alone, the shortest way, until the guest and all of it is at the target.

    As it is, if the migration is over already, or never comes to that.
    """
    walker = _Walker(schedule)
    start, _ = walker.from_start(schedule)
    waiting = deque([start])
    while waiting:
        point = waiting.popleft()
        if point.state.hand_over.target_runs and walker.spec.is_whole(point.state):
            return evolve(schedule, actions=point.way)
        if point.state.phase != Phase.ABORTED:
            reached = (walker.step(point, action) for action in walker.engine)
            waiting += [after[0] for after in reached if after]
    return schedule


def _why_unnoticed(schedule: Schedule, guest_steps: int) -> str:
    assert schedule.broken is not None
    claim = schedule.specification().claims[schedule.broken.claim]
    return (
        f"the guest sees nothing of it, with up to {guest_steps} steps of its own, while neither side is lost; "
        f"what is broken is a claim of {claim.contract.value} for its own sake: {claim.sentence}"
    )
