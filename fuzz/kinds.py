"""A kind of step with every choice of its arguments, and which of them need not be tried: they were refused before.

Which cells of a state decide that an action is refused is found by reading it on unknown states. Where it was refused
once, it is refused wherever those cells are the same. ``tests/fuzz`` holds this against trying.
"""

from collections.abc import Callable, Mapping
from itertools import product
from math import gcd

from attrs import define, field, frozen

from fuzz.packed import Packing
from fuzz.unknown import every_path
from refmodel.language import Action, Actor, Refused, Step
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.state import Machine

__all__ = ["Kind", "kind_of"]

_MOST_REFUSED = 4096
"""Values kept of each action for which it was refused; then all of its are forgotten."""


@define(eq=False)
class _Refusals:
    """What decides that an action is refused, as bits of a packed state, and for which of their values it was."""

    bits: int
    values: set[int] = field(factory=set)


@frozen(eq=False)
class Kind:
    """A kind of step with every choice of its arguments, and the stride that visits them all."""

    name: str
    actor: Actor
    function: Callable[..., Machine]
    actions: tuple[Action, ...]
    stride: int
    _packing: Packing
    _refusals: dict[int, _Refusals] = field(factory=dict)
    """By the number of an action; of those that were refused so far."""

    def attempt(self, m: Machine, byte: int, tries: int, packed: int | None) -> tuple[Action, Machine] | None:
        """Take the step with the arguments that the byte names, or else with others.

        Where the state is given packed as well, what is known to be refused in it is not tried.
        """
        actions = self.actions
        count = len(actions)
        known = self._refusals.get
        i = byte % count
        for _ in range(tries if tries < count else count):
            refusals = known(i)
            if packed is None or refusals is None or packed & refusals.bits not in refusals.values:
                action = actions[i]
                try:
                    return action, self.function(m, *action.arguments)
                except Refused:
                    if packed is not None:
                        self._remember(i, packed)
            i = (i + self.stride) % count
        return None

    def _remember(self, number: int, packed: int) -> None:
        refusals = self._refusals.get(number)
        if refusals is None:
            result = every_path(self.function, self._packing.layout, ({},), self.actions[number].arguments)
            cells = -1 if result is None else result.reads_before(Refused)
            refusals = self._refusals[number] = _Refusals(self._packing.bits(cells))
        if len(refusals.values) >= _MOST_REFUSED:
            refusals.values.clear()
        refusals.values.add(packed & refusals.bits)


def kind_of(spec: AnyMachine, step: Step, sizes: Mapping[str, int], packing: Packing) -> Kind:
    """The kind of a step of the machine, with the arguments that there are with these sizes."""
    choices = product(*(domain(sort, sizes) for _, sort in step.parameters))
    actions = tuple(Action(step.name, arguments) for arguments in choices)
    return Kind(step.name, step.actor, getattr(spec, step.name), actions, _stride(len(actions)), packing)


def _stride(count: int) -> int:
    """A step through ``count`` choices that visits each once, and changes more than the last argument."""
    stride = max(1, count * 5 // 8)
    while gcd(stride, count) != 1:
        stride += 1
    return stride
