"""Every claim of every machine, and the wrong variants that it alone finds.

It finds one alone in the search where no other claim breaks at the first step that breaks any, and alone in the proof
where no obligation of another claim fails. Switched off there, nothing is found: so the check of it does something.
"""

from collections.abc import Mapping
from functools import cache

from attrs import evolve

from proofs.necessity import breaks
from proofs.solve import Options
from refmodel.language import Claim
from refmodel.machines import MACHINES, ONE_BY_ONE, machine
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Schedule
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import STORED, stored

__all__ = [
    "ALL_MACHINES",
    "broken_in",
    "every_claim",
    "first_broken_in",
    "refuted_alone",
    "stored_names",
    "until_broken",
]

ALL_MACHINES = (*MACHINES, *ONE_BY_ONE)
"""The named machines, and the bare machine with each part: every claim is one of some of them."""


@cache
def every_claim() -> Mapping[str, tuple[Claim, str]]:
    """Every claim by name, with the first machine that has it."""
    found: dict[str, tuple[Claim, str]] = {}
    for name in ALL_MACHINES:
        for claim in machine(name).claims.values():
            found.setdefault(claim.name, (claim, name))
    return found


def stored_names() -> list[str]:
    """The wrong variants that have a stored schedule."""
    return [name for name, variant in VARIANTS.items() if not variant.sound and (STORED / f"{name}.json").exists()]


def first_broken_in(schedule: Schedule, but: str = "") -> frozenset[str]:
    """The claims that break at the first step that breaks any, where the search ends; one may be switched off."""
    for moment in replay(schedule):
        broken = frozenset(each.claim for each in moment.broken) - {but}
        if broken:
            return broken
    return frozenset()


def broken_in(name: str) -> frozenset[str]:
    """The claims that break anywhere in a variant's stored schedule."""
    return frozenset(each.claim for moment in replay(stored(name)) for each in moment.broken)


def until_broken(schedule: Schedule) -> Schedule:
    """The schedule as far as the search comes: to the first claim that breaks."""
    assert schedule.broken is not None
    return evolve(schedule, actions=schedule.actions[: schedule.broken.after])


def refuted_alone(name: str) -> str | None:
    """The only claim of which obligations fail, of a wrong variant; None where there are more, or none."""
    broken = breaks(VARIANTS[name].spec(), Options())
    return next(iter(broken)) if len(broken) == 1 else None
