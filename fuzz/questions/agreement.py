"""Do the fuzzer, a replay and the search say the same of a schedule?

The fuzzer checks only claims whose cells changed, and looks at what the guest notices only where something visible did.
A replay checks everything, from the schedule's JSON. The search blanks what is dead, takes one state for all that
differ by names, tries one step of each orbit, and remembers claims by what they read.
"""

from typing import Any

from attrs import define, field

from fuzz.findings import as_schedule
from fuzz.questions.question import Disagreement, Known, Machines, Walk, feature, followed, tail_of, walked
from fuzz.questions.searched import Searched
from fuzz.run import Finding
from refmodel.schedules.replay import Moment, replay
from refmodel.schedules.schedule import Schedule, dumps, loads
from refmodel.search.replayed import discrepancies

__all__ = ["Agreement"]

_WITHOUT_SEARCH = 4
"""One input in so many is any run at all; the others are runs of the search's, which begin with the prelude."""


@define
class Agreement:
    """The question, of one machine (or variant) or all the named ones."""

    machines: Machines
    _searched: dict[str, Searched] = field(factory=dict, init=False)

    @classmethod
    def of(cls, name: str, variant: str | None = None) -> "Agreement":
        """The question, of a machine or a variant of it."""
        return cls(Machines.named(name, variant))

    def ask(self, data: bytes) -> set[int]:
        """The abstract states that were met, and the claim that broke."""
        schedule, tail = tail_of(data)
        known = self.machines.chosen(tail[0])
        if tail[1] % _WITHOUT_SEARCH == 0:
            walk = walked(known, schedule)
            _as_a_replay(known, walk)
        else:
            walk = self._as_the_search(known, schedule, tail)
        rule = walk.course.finding.rule if walk.course.finding else ""
        return walk.features | {feature(known.name + rule)}

    def _as_the_search(self, known: Known, data: bytes, tail: bytes) -> Walk:
        """A run within the search's space, which begins with the prelude, up to the fuzzer's first finding."""
        searched = self._searched.setdefault(known.name, Searched(known))
        sizes, rounds = known.runner.head(data)
        space = searched.space(sizes, rounds)
        steps = list(searched.within(space, data))
        prelude = searched.prelude()
        walk = followed(known, sizes, rounds, [*prelude, *(action for _, action, _ in steps)])
        moments = _as_a_replay(known, walk)
        taken = steps[: max(0, len(moments) - len(prelude))]
        searched.ask(space, taken, list(moments[-1].broken) if taken else [], tail)
        return walk


def _replayed(known: Known, schedule: Schedule) -> list[Moment]:
    """Replayed as it is read again from its file."""
    again = loads(dumps(schedule), "a schedule")
    if again != schedule:
        raise Disagreement(f"{known.name}, file", f"{schedule} is read again as {again}")
    return list(replay(again))


def _as_a_replay(known: Known, walk: Walk) -> list[Moment]:
    """The same states, step by step; the same first broken claim, where it breaks, and the same that is noticed."""
    course = walk.course
    schedule = known.schedule(course.sizes, course.rounds, course.actions)
    moments = _replayed(known, schedule)
    for moment, (before, action, after) in zip(moments, walk.steps, strict=True):
        _are_one(known, f"the state after action {moment.number}", (moment.action, moment.before, moment.after),
                 (action, before, after))  # fmt: skip
        said = course.finding if course.finding and moment.number == len(moments) else None
        _are_one(known, f"broken by action {moment.number}", moment.broken[:1], _broken(said))
        _are_one(known, f"noticed after action {moment.number}", moment.noticed, _noticed(said))
    if course.finding is not None:
        stored = as_schedule(course.finding, known.name, known.variant)
        _are_one(known, "what the file of the finding says", discrepancies(stored, moments), [])
    return moments


def _broken(finding: Finding | None) -> tuple[Any, ...]:
    return (finding.broken,) if finding and finding.broken else ()


def _noticed(finding: Finding | None) -> str | None:
    return finding.noticed.what if finding and finding.noticed else None


def _are_one(known: Known, what: str, replayed: Any, fuzzed: Any) -> None:
    if replayed != fuzzed:
        key = " ".join(word for word in what.split() if not word.isdigit())
        raise Disagreement(f"{known.name}, replay, {key}", f"{what}: {replayed} in a replay, {fuzzed} in the fuzzer")
