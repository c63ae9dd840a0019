"""What a witness is: the steps of the promise that a step of a machine is."""

from collections.abc import Callable, Mapping

from refmodel.language import Action

__all__ = ["Witnesses"]

Witnesses = Mapping[str, Callable[..., list[Action]]]
"""By step: from the machine, the state before and the step's arguments to steps of the promise. A step that is not
there is none: the guest and the target cannot see it."""
