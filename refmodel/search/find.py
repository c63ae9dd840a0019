"""A counterexample to a machine: the shortest schedule to the first broken claim, and on to what the guest notices."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import factorial, prod
from typing import Any

from attrs import evolve, frozen

from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.language import Sizes
from refmodel.machines import machine
from refmodel.migration import AnyMachine
from refmodel.promise import Ledger
from refmodel.refinement import seen
from refmodel.refinement.checkpoints import gone_back
from refmodel.schedules.replay import noticed_by_the_guest, replay
from refmodel.schedules.schedule import Broken, Noticed, Schedule
from refmodel.schedules.written import written
from refmodel.search.complete import Completion, complete
from refmodel.search.explore import Explored, Outcome, Progress, explore
from refmodel.search.seed_space import LEFT_OUT, RENAMED, ROUNDS, prelude_of, seed_space, sizes_for
from refmodel.unusable import Unusable
from refmodel.variants import Variant

__all__ = [
    "GROWING",
    "MAX_STATES",
    "Found",
    "annotated",
    "find",
    "find_variant",
    "is_noticed",
    "need_few_names",
    "search",
]

MAX_STATES = 1_000_000
"""States kept unless told otherwise: some ten minutes, and a gigabyte."""

_MOST_RENAMINGS = 5_000
"""Renamings of a state: more make every state slow, long before any bound on their number."""


def _sizes(pfn: int, vpn: int, cpu: int) -> Mapping[str, int]:
    return {"pfn": pfn, "vpn": vpn, "cpu": cpu, "word": 1, "value": 2}


GROWING: tuple[Sizes, ...] = (_sizes(1, 1, 1), _sizes(1, 1, 2), _sizes(2, 1, 1), _sizes(1, 2, 1))
"""The machines that are searched when no sizes are asked for: small ones first, with two of one sort at a time. Each is
searched whole in seconds, and every wrong variant breaks in one of them."""


@frozen
class Found:
    """What a search of one machine came to; ``schedule`` is there when a claim broke."""

    machine: str
    variant: str | None
    sizes: Sizes
    rounds: int
    explored: Explored
    schedule: Schedule | None = None
    how: str | None = None
    """How the schedule comes from the broken claim to what the guest notices, or why the guest notices nothing.
    Of a stored schedule that was searched again: how the two compare."""
    shortest: int | None = None
    """The length of the shortest schedule to a broken claim, where ``schedule`` is another, which the guest notices."""

    @property
    def is_broken(self) -> bool:
        """A claim does not hold."""
        return self.explored.outcome is Outcome.BROKEN


def search(
    name: str,
    variant: str | None,
    sizes: Sizes,
    rounds: int = ROUNDS,
    *,
    max_states: int = MAX_STATES,
    symmetry: bool = True,
    progress: Progress | None = None,
) -> Found:
    """The shortest schedule to the first broken claim in a machine of these sizes; it begins with the prelude.

    Unusable for a machine or variant that is not there, and for sizes too large to search.
    """
    spec = machine(name, variant)
    sizes, prelude = sizes_for(spec, sizes), prelude_of(spec)
    need_few_names(sizes, symmetry)
    explored = explore(seed_space(spec, sizes, rounds, symmetry), None, max_states, progress)
    explored = evolve(explored, depth=explored.depth + len(prelude))
    found = Found(name, variant, sizes, rounds, explored)
    breach = explored.breach
    if breach is None:
        return found
    actions = (*prelude, *breach.actions)
    at = {name: int(i) for (name, _), i in zip(breach.claim.parameters, breach.where, strict=True)}
    broken = Broken(breach.claim.name, at, len(actions))
    schedule = Schedule(name, variant, sizes, rounds, actions, broken)
    return evolve(found, schedule=schedule if breach.actions else _cut(annotated(schedule)))


def _cut(schedule: Schedule) -> Schedule:
    """The schedule up to the broken claim: the prelude itself may break one."""
    assert schedule.broken is not None
    return evolve(schedule, actions=schedule.actions[: schedule.broken.after])


def need_few_names(sizes: Sizes, symmetry: bool) -> None:
    """Unusable where a state may have to be tried under too many renamings, all that its own shape leaves open."""
    renamings = prod(factorial(sizes[sort]) for sort in RENAMED)
    if symmetry and renamings > _MOST_RENAMINGS:
        raise Unusable("sizes", f"{renamings:,} renamings of a state", "smaller sizes, or --no-symmetry")


def find(
    name: str,
    variant: str | None,
    growing: Sequence[Sizes] = GROWING,
    rounds: int = ROUNDS,
    *,
    max_states: int = MAX_STATES,
    symmetry: bool = True,
    later: int | None = None,
    progress: Progress | None = None,
) -> Found:
    """The first counterexample in machines of growing sizes, completed to what the guest notices if it can be.

    What was explored without finding anything is summed up over the machines. ``later`` bounds the states of each
    machine that are searched for what the guest notices only past the first broken claim; by default ``max_states``.
    """
    before: list[Explored] = []
    for sizes in growing:
        found = search(name, variant, sizes, rounds, max_states=max_states, symmetry=symmetry, progress=progress)
        if found.schedule is not None:
            completion = complete(found.schedule)
            if completion.schedule.noticed is None:
                most = max_states if later is None else later
                return _noticed(found, completion, growing, most, symmetry, progress)
            return evolve(found, schedule=completion.schedule, how=completion.how)
        before.append(found.explored)
    return evolve(found, explored=_summed(before))


def find_variant(
    variant: Variant,
    machines: Sequence[Sizes] = (),
    *,
    max_states: int = MAX_STATES,
    later: int | None = None,
    progress: Progress | None = None,
) -> Found:
    """The first counterexample to a variant, in the machine, the sizes (unless given) and the rounds that it names."""
    growing, rounds = machines or variant.growing or GROWING, variant.rounds
    return find(variant.machine, variant.name, growing, rounds, max_states=max_states, later=later, progress=progress)


def _noticed(
    found: Found,
    completion: Completion,
    growing: Sequence[Sizes],
    max_states: int,
    symmetry: bool,
    progress: Progress | None,
) -> Found:
    """The shortest schedule that the guest notices at all, when the first broken claim leads to none.

    One that is written out comes first. Else it is searched for with no claim to stop at: what is past the first broken
    claim is where the guest is harmed.
    """
    spec = machine(found.machine, found.variant)
    shortest = len(found.schedule.actions) if found.schedule else None
    known = written(found.variant)
    if known is not None and known.machine == found.machine:
        how = "from the first broken claim on the guest notices nothing soon; this schedule is written out, not found"
        return evolve(found, sizes=known.sizes, schedule=annotated(known), how=how, shortest=shortest)
    nowhere = []
    if not max_states:
        return evolve(found, schedule=completion.schedule, how=f"{completion.how}; it was not looked for further")
    for small in growing:
        sizes = sizes_for(spec, small)
        space = seed_space(spec, sizes, found.rounds, symmetry)
        space = evolve(space, left_out=space.left_out | LEFT_OUT)  # what the target stores tells nothing of the source
        explored = explore(space, (), max_states, progress, partial(is_noticed, spec))
        if explored.way is not None:
            longer = annotated(
                Schedule(found.machine, found.variant, sizes, found.rounds, (*prelude_of(spec), *explored.way))
            )
            how = "from the first broken claim on the guest notices nothing; this is the shortest that it notices"
            return evolve(found, sizes=sizes, schedule=longer, how=how, shortest=shortest)
        nowhere.append(explored)
    how = f"{completion.how}; a guest notices in none of {_summed(nowhere).states:,} states"
    return evolve(found, schedule=completion.schedule, how=how)


def is_noticed(spec: AnyMachine, m: Any) -> bool:
    """The guest runs at the target, and is not what it was at the source, or still runs there."""
    if not m.hand_over.target_runs:
        return False
    last = Ledger(
        last=seen(spec, m, m.source),
        held=seen(spec, m, m.target),
        owed=m.rounds.to_send,
        context_owed=False,
        source_runs=False,
        target_runs=True,
        given_up=True,
        source_kept=m.hand_over.source_kept,
        source_lost=False,
        acknowledged=False,
        fenced=False,
        images_at_source=False,
        images_at_target=True,
    )
    may_be = [last, *gone_back(m, last)] if isinstance(spec, CheckpointSteps) else [last]
    return all(noticed_by_the_guest(spec, ledger, m) is not None for ledger in may_be)


def annotated(schedule: Schedule) -> Schedule:
    """The schedule with the first claim that breaks, and what the guest notices first, filled in from its replay."""
    broken, noticed = None, None
    for moment in replay(schedule):
        if moment.broken and broken is None:
            broken = moment.broken[0]
        if moment.noticed and noticed is None:
            noticed = Noticed(moment.noticed, moment.number)
    return evolve(schedule, broken=broken, noticed=noticed)


def _summed(searches: Sequence[Explored]) -> Explored:
    exhausted = all(each.outcome is Outcome.EXHAUSTED for each in searches)
    return Explored(
        Outcome.EXHAUSTED if exhausted else Outcome.BOUNDED,
        sum(each.states for each in searches),
        sum(each.transitions for each in searches),
        max(each.depth for each in searches),
        sum(each.seconds for each in searches),
    )
