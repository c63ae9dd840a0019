"""Does the symbolic lifting say of every state and step what the concrete machine says?

The lifted guards, successors, claims and initial state are evaluated by ``proofs.lifting.evaluate``, which shares
nothing with Z3 but the shape of its expressions. The states: each of a run, and one with cells changed at will, in
which one action of every kind of step is compared, enabled or not.
"""

from typing import Any

from attrs import define, field

from fuzz.questions.drawing import action_of, drawn
from fuzz.questions.question import Disagreement, Known, Machines, feature, tail_of, walked
from proofs.lifting.differential import Lifted
from refmodel.language import Action, Sizes

__all__ = ["Lifting"]

_ARGUMENTS, _STATE, _DRAWN = 1, 2, 3
"""Where the tail says the arguments of what is compared, which state is changed, and from where on how."""


@define
class Lifting:
    """The question, of one machine or all; a machine is lifted, in some seconds, when it is first met."""

    machines: Machines
    _lifted: dict[str, Lifted[Any]] = field(factory=dict, init=False)

    @classmethod
    def of(cls, name: str, variant: str | None = None) -> "Lifting":
        """The question, of a machine or a variant of it."""
        return cls(Machines.named(name, variant, claims=False))

    def ask(self, data: bytes) -> set[int]:
        """The paths that were taken, and the abstract states that were met."""
        schedule, tail = tail_of(data)
        known = self.machines.chosen(tail[0])
        lifted = self._lifted.get(known.name)
        if lifted is None:
            lifted = self._lifted[known.name] = Lifted(known.runner.spec)
        sizes, _ = known.runner.head(schedule)
        walk = walked(known, schedule)
        features = set(walk.features)
        for m, action, _ in walk.steps:
            features.add(_compared(known, lifted, sizes, m, action))
        m = drawn(walk.states[tail[_STATE] % len(walk.states)], sizes, tail[_DRAWN:])
        for state in (walk.states[-1], m):
            for difference in lifted.of_state(sizes, state):
                raise Disagreement(f"{known.name}: {difference.split(':')[0]}", f"{difference}; in {state}")
        for step in known.runner.spec.steps.values():
            features.add(_compared(known, lifted, sizes, m, action_of(step, sizes, tail[_ARGUMENTS])))
        return features


def _compared(known: Known, lifted: Lifted[Any], sizes: Sizes, m: Any, action: Action) -> int:
    found, path = lifted.of_action(sizes, m, action)
    if found:
        raise Disagreement(f"{known.name}: {action.step}", f"{'; '.join(found)}; {action} in {m}")
    return feature(known.name + (path or f"{action.step} refused"))
