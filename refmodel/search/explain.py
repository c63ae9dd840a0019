"""Hidden events: is there a schedule of the specification that explains what was seen of a page?

Most hypervisors log neither stores nor faults. What can be seen of one page is what was sent of it, live or while the
guest stood still, and what the source had at the end. Everything else is hidden: any step of guest and engine may
have happened in between. The search goes through all of them, on one page of the machine ``needless-resend`` (the bare
machine, which may also send clean pages again, as real ones do) or of a wrong variant.
"""

from collections import deque
from enum import Enum

from attrs import frozen

from refmodel.language import Action, Refused
from refmodel.schedules.schedule import Schedule
from refmodel.search.layout import Layout
from refmodel.search.space import actions_of
from refmodel.state import Machine, Phase

__all__ = ["RIGHT", "Explanation", "Outcome", "Seen", "explain"]

RIGHT = "needless-resend"
"""The right machine that allows most of what is seen: it may send what need not be sent."""
_MOST_SENDS = 3
"""Of more live sends only the last are explained: what came before can be no more than the page's first content."""
_MOST_STATES = 60_000


class Outcome(Enum):
    """What a search for an explanation came to."""

    EXPLAINED = "explained"
    NO_EXPLANATION = "no explanation"
    """Said only when every hidden schedule within the machine's bounds was tried."""
    BOUNDED = "not decided"


@frozen
class Seen:
    """What was seen of a page: the contents sent live and while paused, in order, and the source's at the end."""

    live: tuple[str, ...]
    paused: tuple[str, ...]
    source: str

    def shortened(self) -> "Seen":
        """The same with the last few live sends only, contents named by number."""
        live, paused = self.live[-_MOST_SENDS:], self.paused[-1:]
        if self.paused[-2:-1] not in ((), paused):
            paused = self.paused[-2:]  # nothing changes while the guest stands still
        names: dict[str, str] = {}
        for content in (*live, *paused, self.source):
            names.setdefault(content, str(len(names)))
        return Seen(tuple(names[c] for c in live), tuple(names[c] for c in paused), names[self.source])


@frozen
class Explanation:
    """A schedule that shows just this, if there is one; the states that were tried."""

    outcome: Outcome
    states: int
    witness: Schedule | None = None


def explain(seen: Seen, variant: str = RIGHT, max_states: int = _MOST_STATES) -> Explanation:
    """Search the machine for a schedule that sends just this of a page, and leaves just this at the source."""
    seen = seen.shortened()
    contents = {*seen.live, *seen.paused, seen.source}
    sizes = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": len(contents)}
    rounds = max(len(seen.live) - 1, 0) + 1
    schedule = Schedule("bare", variant, sizes, rounds, ())
    walker = _Walker(schedule, seen)
    return walker.walk(max_states)


@frozen
class _Point:
    state: Machine
    live: int
    """How many live sends have been accounted for; likewise ``paused``."""
    paused: int
    before: "_Point | None" = None
    action: Action | None = None


class _Walker:
    """Goes through the hidden schedules, breadth first, and keeps in step with what was seen."""

    def __init__(self, schedule: Schedule, seen: Seen) -> None:
        self.schedule = schedule
        self.seen = seen
        self.spec = schedule.specification()

        # Registers, rights and remaps of the only page change nothing that is seen of its content.
        hidden = {"guest_compute", "target_store", "discard_source", "abort", "leave_shadow"}
        self.actions = [
            action
            for action in actions_of(self.spec, schedule.sizes)
            if action.step not in hidden and not (action.step == "write_fault" and action.arguments[-1])
        ]
        self.layout = Layout(self.spec.state, schedule.sizes)

    def walk(self, max_states: int) -> Explanation:
        """Until a schedule shows all that was seen, or none is left, or too many states were kept."""
        start = _Point(self.schedule.start(), 0, 0)
        known = {self._key(start)}
        waiting = deque([start])
        while waiting:
            point = waiting.popleft()
            for action in self.actions:
                after = self._step(point, action)
                if after is None:
                    continue
                key = self._key(after)
                if key in known:
                    continue
                known.add(key)
                if self._is_all(after):
                    actions = tuple(self._way(after))
                    witness = Schedule(
                        "bare", self.schedule.variant, self.schedule.sizes, self.schedule.rounds, actions
                    )
                    return Explanation(Outcome.EXPLAINED, len(known), witness)
                if len(known) >= max_states:
                    return Explanation(Outcome.BOUNDED, len(known))
                waiting.append(after)
        return Explanation(Outcome.NO_EXPLANATION, len(known))

    def _key(self, point: _Point) -> tuple[object, ...]:
        return (self.layout.fetch(point.state), point.live, point.paused)

    def _step(self, point: _Point, action: Action) -> _Point | None:
        """The point after the action; None if it is refused, or shows something else than what was seen."""
        try:
            after = self.spec.take(point.state, action)
        except Refused:
            return None
        live, paused = point.live, point.paused
        if action.step == "transfer_read":
            content = str(after.target.memory[0, 0])
            if point.state.phase == Phase.LIVE:
                if self.seen.live[live : live + 1] != (content,):
                    return None
                live += 1
            else:
                if self.seen.paused[paused : paused + 1] != (content,):
                    return None
                paused += 1
        if action.step == "final_harvest" and live < len(self.seen.live):
            return None
        return _Point(after, live, paused, point, action)

    def _is_all(self, point: _Point) -> bool:
        """The target runs, all sends have been seen, and the source has what it had."""
        return (
            point.state.phase == Phase.AFTER
            and point.live == len(self.seen.live)
            and point.paused == len(self.seen.paused)
            and str(point.state.source.memory[0, 0]) == self.seen.source
        )

    def _way(self, point: _Point) -> list[Action]:
        way: list[Action] = []
        at: _Point | None = point
        while at is not None and at.action is not None:
            way.append(at.action)
            at = at.before
        return way[::-1]
