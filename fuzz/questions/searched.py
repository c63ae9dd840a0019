"""What the search takes for the same it may take for the same, and what it says of a step is what a replay says.

Asked of a schedule within the search's space: it begins with the prelude, and takes no step that the search leaves out.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from attrs import define, field

from fuzz.questions.question import Disagreement, Known
from refmodel.language import Action, Refused, Sizes
from refmodel.schedules.schedule import Broken
from refmodel.search.equivariance import random_names, renamed_state
from refmodel.search.remembered import Remembered
from refmodel.search.seed_space import prelude_of, seed_space
from refmodel.search.space import Checks, Space

__all__ = ["Searched"]

_MOST_STEPS = 40
_LOOKED_AT = 6
"""So many of a run's steps, the last among them, are held against the search's: it is slower than the run."""
_RENAMED = 3
"""Of how many states it is tried whether anything tells them from others that count as the same."""
Outcome = tuple[bytes, tuple[str, ...]]
"""The key of the state that a step leads to, and the claims that it breaks."""


@define
class Searched:
    """The search's reading of one machine: its space for each choice of sizes and rounds."""

    known: Known
    _spaces: dict[tuple[tuple[int, ...], int], Space] = field(factory=dict, init=False)

    def space(self, sizes: Sizes, rounds: int) -> Space:
        """Where the machine is searched."""
        key = (tuple(sizes.values()), rounds)
        if key not in self._spaces:
            self._spaces[key] = seed_space(self.known.runner.spec, sizes, rounds)
        return self._spaces[key]

    def within(self, space: Space, data: bytes) -> Iterator[tuple[Any, Action, Any]]:
        """The input's steps from where the prelude leads, as far as the search goes too."""
        decoder = self.known.runner.parts(space.sizes).decoder
        m = space.start
        for action, after in decoder.walk(m, data, _MOST_STEPS):
            if space.is_end(m) or action.step in space.left_out:
                return
            yield m, action, after
            m = after

    def prelude(self) -> tuple[Action, ...]:
        """What the schedule begins with."""
        return prelude_of(self.known.runner.spec)

    def ask(self, space: Space, steps: list[tuple[Any, Action, Any]], broken: list[Broken], tail: bytes) -> None:
        """``broken``: what a replay says of the last step. Disagreement where the search says something else."""
        if not steps:
            return
        chance = Random(tail)
        some = [*chance.sample(steps, min(_LOOKED_AT, len(steps))), steps[-1]]
        for m, action, after in some:
            self._is_read_back(space, m)
            self._is_taken(space, m, action, after)
        self._breaks_the_same(space, some, broken)
        for m, action, _ in some[:_RENAMED]:
            self._is_one_with_others(space, m, chance.choice([action.step, *space.spec.steps]), chance)

    def _is_read_back(self, space: Space, m: Any) -> None:
        """A state's leaves give the state back, and its key is that of the state with what is dead blanked."""
        raw = space.layout.fetch(m)
        if space.layout.state(raw) != m:
            raise self._no("reading back", f"{m} is read back as {space.layout.state(raw)}")

    def _is_taken(self, space: Space, m: Any, action: Action, after: Any) -> None:
        """Of the steps that the search tries, one of each orbit, some leads to a state that counts as this one."""
        wanted = canonical(space, after)
        for take, arguments, number in space.taken(_classes(space, m)):
            if space.actions[number].step == action.step and wanted in _led_to(space, take, m, arguments):
                return
        raise self._no(f"left out {action.step}", f"{action} in {m} leads where no step that the search tries leads")

    def _breaks_the_same(self, space: Space, steps: list[tuple[Any, Action, Any]], broken: list[Broken]) -> None:
        spec = space.spec
        invariants = Checks(space, spec.invariants)
        laws = Remembered(space.layout, Checks(space, spec.laws).everywhere)
        for m, action, after in steps:
            said = [each.claim for each in broken] if after is steps[-1][2] else []
            found = invariants.first_failure(_classes(space, after), after)
            law = laws.first_failure((space.layout.fetch(m), space.layout.fetch(after)), (m, after))
            ours = [failure[0].name for failure in (found, law) if failure]
            theirs = [
                next((name for name in said if name in names), None)
                for names in ([c.name for c in spec.invariants], [c.name for c in spec.laws])
            ]
            if ours != [name for name in theirs if name]:
                raise self._no("claims", f"after {action} in {m} the search finds {ours} broken, a replay {said}")

    def _is_one_with_others(self, space: Space, m: Any, step: str, chance: Random) -> None:
        """A state and the same with what is dead blanked, under other names: nothing that follows tells them apart."""
        names = random_names(space.symmetry.sorts, space.sizes, chance)
        blank = space.layout.state(space.blanked(space.layout.fetch(m)))
        other = renamed_state(blank, names)
        if canonical(space, other) != canonical(space, m):
            raise self._no("canonical form", f"{m} and, under the names {names}, {other} have unlike keys")
        if _failing(space, m) != _failing(space, other):
            raise self._no("dead for a claim", f"not the same claims hold in {m} and in {other}")
        actions = [action for action in space.actions if action.step == step]
        if _outcomes(space, m, actions) != _outcomes(space, other, actions):
            raise self._no(f"dead for {step}", f"{step} tells {m} from {other}, under the names {names}")

    def _no(self, key: str, message: str) -> Disagreement:
        return Disagreement(f"{self.known.name}, search, {key}", message)


def canonical(space: Space, m: Any) -> bytes:
    """The key by which the search knows the state."""
    flat = space.flat(m)
    ranks = space.symmetry.ranks(flat)
    return space.symmetry.canonical(flat, ranks) if ranks else flat


def _classes(space: Space, m: Any) -> tuple[tuple[int, ...], ...]:
    flat = space.flat(m)
    return space.symmetry.classes(flat, space.symmetry.ranks(flat))


def _led_to(space: Space, take: Any, m: Any, arguments: tuple[int, ...]) -> list[bytes]:
    try:
        return [canonical(space, take(m, *arguments))]
    except Refused:
        return []


def _failing(space: Space, m: Any, before: Any = None) -> tuple[str, ...]:
    claims = space.spec.invariants if before is None else space.spec.laws
    return tuple(claim.name for claim in claims if space.spec.broken(claim, m, space.sizes, before) is not None)


def _outcomes(space: Space, m: Any, actions: list[Action]) -> set[Outcome]:
    """Where the actions lead, whatever they are called, and what they break."""
    reached = {}
    for action in actions:
        try:
            after = space.spec.take(m, action)
        except Refused:
            continue
        reached[space.layout.fetch(after)] = after
    return {
        (canonical(space, after), (*_failing(space, after), *_failing(space, after, m))) for after in reached.values()
    }
