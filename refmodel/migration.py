"""What every machine has: the guest, its MMU and shadow, rounds and hand-over. A machine's parts say the rest."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Action, Sizes
from refmodel.promise import Promise
from refmodel.state import M

__all__ = ["AnyMachine", "Migration"]


class Migration(HandOverSteps[M]):
    """The four contracts in one chain; what they leave open, parts of each contract fill in.

    Memory, guest table, registers, configuration, and whatever the target held before, are anything at first.
    """

    promise: ClassVar[type[Promise]] = Promise
    """Level A: what the guest is promised."""
    parts: ClassVar[tuple[str, ...]] = ()
    """The parts that it was composed of, by name."""
    witnesses: ClassVar[Mapping[str, Callable[..., list[Action]]]] = {}
    """Which steps of the promise a step of one's own is, one after the other, where guest or target can see it: by its
    name, of the machine, the state before and its arguments. ``refmodel.refinement`` has those of all other steps."""

    def start(self, sizes: Sizes) -> M:
        """Everything free is 0, but for the source's configuration: one that never travels must be seen."""
        m = super().start(sizes)
        return m.but(source=m.source.but(configuration=min(1, sizes["value"] - 1)))


AnyMachine: TypeAlias = Migration[Any]
"""A machine of whatever parts."""
