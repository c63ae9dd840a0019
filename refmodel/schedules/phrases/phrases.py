"""What a phrase is: a step said in the field's words, with what its arguments mean at that moment."""

from collections.abc import Callable, Mapping

__all__ = ["Phrases"]

Phrases = Mapping[str, Callable[..., str]]
"""By step; each takes the machine, the state before, and the step's arguments."""
