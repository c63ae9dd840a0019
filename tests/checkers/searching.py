"""What search, replay and fuzzer check, and a stored schedule for each check: switched off, it is missed."""

from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from attrs import evolve, frozen

from fuzz.run import Course, Finding, Runner
from refmodel.catalogue.mutants.searches import found_in
from refmodel.language import Claim
from refmodel.schedules.replay import Watch
from refmodel.schedules.schedule import Schedule
from refmodel.search.complete import complete
from refmodel.variants import VARIANTS
from tests.checkers.claims import until_broken
from tests.variants.make_schedules import stored

__all__ = ["CHECKS", "Check"]

Says = Callable[[], frozenset[str]]


@frozen
class Check:
    """A check: on which variant it is shown, and what is found with it, and without."""

    variant: str
    on: Says
    off: Says


def _search(variant: str, kept: Callable[[Claim], bool]) -> Check:
    """The search, without the claims that are not kept."""
    known = VARIANTS[variant]
    [broken] = found_in(known, list)
    return Check(
        variant,
        lambda: frozenset({broken}),
        lambda: frozenset(found_in(known, lambda claims: [claim for claim in claims if kept(claim)])) & {broken},
    )


def followed(schedule: Schedule, runner: Runner) -> Finding | None:
    """What the fuzzer finds in a stored schedule."""
    course: Course = runner.course(schedule.sizes, schedule.rounds)
    for action in schedule.actions:
        if course.follow(action, runner.spec.take(course.state, action)) is not None:
            break
    return course.finding


def _fuzz(variant: str, without: Callable[[Runner, Schedule], Any], claims: bool = True) -> Check:
    """The fuzzer's run of the stored schedule, with and without a part of what it looks at."""
    schedule = until_broken(stored(variant)) if claims else stored(variant)

    def said(change: Callable[[Runner, Schedule], Any]) -> frozenset[str]:
        runner = Runner(VARIANTS[variant].spec(), claims)
        change(runner, schedule)
        found = followed(schedule, runner)
        return frozenset({found.rule}) if found else frozenset()

    return Check(variant, lambda: said(lambda runner, schedule: None), lambda: said(without))


def _no(kind: str) -> Callable[[Runner, Schedule], Any]:
    def without(runner: Runner, schedule: Schedule) -> None:
        checker = runner.parts(runner.course(schedule.sizes, schedule.rounds).sizes).checker
        every, left_out = checker.instances, getattr(runner.spec, kind)
        checker.instances = lambda claims: [] if claims == left_out else every(claims)  # type: ignore[method-assign]

    return without


def _unnoticed(runner: Runner, schedule: Schedule) -> None:
    """Nothing that the guest sees is looked at."""
    course = runner.course

    def blind(sizes: Mapping[str, int], rounds: int) -> Course:
        made = course(sizes, rounds)
        made._noticed = lambda before, action, after: None  # type: ignore[method-assign]
        return made

    runner.course = blind  # type: ignore[method-assign]


def _completed(variant: str) -> Check:
    """From the broken claim on to what the guest notices."""
    schedule = evolve(until_broken(stored(variant)), noticed=None)

    def said() -> frozenset[str]:
        noticed = complete(schedule).schedule.noticed
        return frozenset({noticed.what}) if noticed else frozenset()

    def blind() -> frozenset[str]:
        with patch.object(Watch, "step", lambda self, before, action, after: None):
            return said()

    return Check(variant, said, blind)


CHECKS: Mapping[str, Check] = {
    "search: claims about states": _search("discard-at-commit", lambda claim: claim.of_steps),
    "search: claims about steps": _search("activate-early", lambda claim: not claim.of_steps),
    "search and replay: what the guest notices": _completed("mark-dropped"),
    "fuzz: claims about states": _fuzz("mark-dropped", _no("invariants")),
    "fuzz: claims about steps": _fuzz("hypervisor-unmarked", _no("laws")),
    "fuzz: what the guest notices": _fuzz("mark-dropped", _unnoticed, claims=False),
}
"""By name."""
