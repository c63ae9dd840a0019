"""A stored schedule searched again: the shortest one to the same broken claim, on the same machine, in its sizes."""

from functools import partial

from attrs import evolve

from refmodel.machines import machine
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Schedule
from refmodel.search.complete import complete
from refmodel.search.explore import Progress, explore
from refmodel.search.find import MAX_STATES, Found, annotated, is_noticed, need_few_names
from refmodel.search.seed_space import LEFT_OUT, prelude_of, seed_space, sizes_for
from refmodel.unusable import Unusable

__all__ = ["again"]


def again(
    known: Schedule, *, max_states: int = MAX_STATES, symmetry: bool = True, progress: Progress | None = None
) -> Found:
    """The shortest schedule to the claim that the known one names as broken, whatever else breaks on the way there.

    Where it names none: to what the guest notices at all. ``how`` compares the two. The known one need not do what its
    file says any more, as where the machine has been mended. Unusable where it says neither, and for sizes too large.
    """
    if known.broken is None and known.noticed is None:
        raise Unusable("broken", "no claim, and nothing is noticed", "a finding")
    claim = known.broken.claim if known.broken else None
    spec = machine(known.machine, known.variant)
    sizes, prelude = sizes_for(spec, known.sizes), prelude_of(spec)
    need_few_names(sizes, symmetry)
    space = seed_space(spec, sizes, known.rounds, symmetry)
    if claim is not None:
        explored = explore(space, [spec.claims[claim]], max_states, progress)
        way = explored.breach.actions if explored.breach else None
    else:
        space = evolve(space, left_out=space.left_out | LEFT_OUT)
        explored = explore(space, (), max_states, progress, partial(is_noticed, spec))
        way = explored.way
    explored = evolve(explored, depth=explored.depth + len(prelude))
    found = Found(known.machine, known.variant, sizes, known.rounds, explored)
    before = _steps(known, claim)
    if way is None:
        return evolve(found, how=_compared(claim, before, None))
    schedule = annotated(Schedule(known.machine, known.variant, sizes, known.rounds, (*prelude, *way)))
    how = _compared(claim, before, _steps(schedule, claim))
    return evolve(found, schedule=schedule if schedule.noticed else complete(schedule).schedule, how=how)


def _steps(schedule: Schedule, claim: str | None) -> int | None:
    """After how many actions the claim does not hold, or, without one, the guest notices; None where that does not
    happen, or the machine does not take the schedule."""
    try:
        for moment in replay(schedule):
            if any(broken.claim == claim for broken in moment.broken) if claim else moment.noticed:
                return moment.number
    except Unusable:
        pass
    return None


def _compared(claim: str | None, before: int | None, steps: int | None) -> str:
    """What there is to be said of the known schedule, as a sentence."""
    what = claim.replace("_", " ") if claim else "noticed by the guest"
    known = "not by the file's schedule" if before is None else f"after {before} actions by the file's schedule"
    if steps is None:
        return f"{what}: {known}; the search does not come to it"
    if before is None or steps < before:
        return f"{what}: {known}; {steps} will do"
    if steps == before:
        return f"{what}: {known}; none is shorter"
    return f"{what}: {known}; {steps} where it begins as the search does"
