"""Shrinking: the same finding by a locally minimal schedule. No step can go, no argument or size can be smaller."""

from collections.abc import Iterator, Mapping

from attrs import evolve

from fuzz.run import Finding, Runner
from refmodel.language import Action
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.search.seed_space import sizes_for

__all__ = ["shrink"]


def shrink(runner: Runner, finding: Finding) -> Finding:
    """A smallest neighbour of a smaller one, and so on; always a finding of the same rule, and the same every time."""
    best = finding
    while (smaller := _smaller(runner, best)) is not None:
        best = smaller
    return best


def _smaller(runner: Runner, best: Finding) -> Finding | None:
    for attempt in _attempts(runner.spec, best):
        if not _fits(runner.spec, attempt):
            continue
        found = runner.follow(attempt.sizes, attempt.rounds, attempt.actions).finding
        if found is not None and found.rule == best.rule and _measure(found) < _measure(best):
            return found
    return None


def _measure(finding: Finding) -> tuple[object, ...]:
    """What shrinking makes smaller: fewer steps first, then smaller machines, then smaller arguments."""
    arguments = tuple(action.arguments for action in finding.actions)
    spent = sum(sum(map(int, a)) for a in arguments)
    return len(finding.actions), sum(finding.sizes.values()), finding.rounds, spent, arguments


def _attempts(spec: AnyMachine, best: Finding) -> Iterator[Finding]:
    """Neighbours: a page, CPU or word gone, runs of actions dropped (long ones first), rounds and arguments lowered."""
    actions = best.actions
    for sort, size in best.sizes.items():
        for value in range(size - 1, -1, -1) if size > 1 else ():
            kept = _without(spec, actions, sort, value)
            yield evolve(best, actions=kept, sizes={**best.sizes, sort: size - 1})
    length = len(actions) // 2
    while length:
        for first in range(len(actions) - length, -1, -1):
            yield evolve(best, actions=actions[:first] + actions[first + length :])
        length = length // 2 if length > 3 else length - 1
    for rounds in range(best.rounds):
        yield evolve(best, rounds=rounds)
    for i, action in enumerate(actions):
        for j, argument in enumerate(action.arguments):
            for lower in range(int(argument)):
                value = bool(lower) if isinstance(argument, bool) else lower
                changed = Action(action.step, (*action.arguments[:j], value, *action.arguments[j + 1 :]))
                yield evolve(best, actions=(*actions[:i], changed, *actions[i + 1 :]))
    yield from _exchanged(spec, best)


def _without(spec: AnyMachine, actions: tuple[Action, ...], sort: str, value: int) -> tuple[Action, ...]:
    """The actions without those that name the value of the sort; higher values move down by one."""
    kept = []
    for action in actions:
        pairs = list(zip(action.arguments, spec.steps[action.step].parameters, strict=True))
        if all(s.name != sort or a != value for a, (_, s) in pairs):
            lower = tuple(a - 1 if s.name == sort and a > value else a for a, (_, s) in pairs)
            kept.append(Action(action.step, lower))
    return tuple(kept)


def _exchanged(spec: AnyMachine, best: Finding) -> Iterator[Finding]:
    """Two values of a sort exchanged throughout, so that a lower one can take the place of a higher one everywhere."""
    for sort, size in best.sizes.items():
        for low in range(size):
            for high in range(low + 1, size):
                swap = {low: high, high: low}
                yield evolve(best, actions=tuple(_with(spec, action, sort, swap) for action in best.actions))


def _with(spec: AnyMachine, action: Action, sort: str, swap: Mapping[int, int]) -> Action:
    parameters = spec.steps[action.step].parameters
    pairs = zip(action.arguments, parameters, strict=True)
    return Action(action.step, tuple(swap.get(a, a) if s.name == sort else a for a, (_, s) in pairs))


def _fits(spec: AnyMachine, attempt: Finding) -> bool:
    """Every argument is in its domain still, and the machine's parts have as much as they need."""
    return sizes_for(spec, attempt.sizes) == attempt.sizes and all(
        argument in domain(sort, attempt.sizes)
        for action in attempt.actions
        for argument, (_, sort) in zip(action.arguments, spec.steps[action.step].parameters, strict=True)
    )
