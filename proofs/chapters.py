"""Which chapters a specification's proof has: its own induction for any; refinement and the end for the machine."""

from typing import Any

from proofs.ending import Progress, Termination
from proofs.obligations import Chapter, Induction
from proofs.refining import Congruence, Refinement
from proofs.vacuity import Witnesses
from refmodel.language import Specification
from refmodel.promise import Promise
from refmodel.seed import Seed

__all__ = ["chapters_of"]


def chapters_of(spec: Specification[Any]) -> tuple[Chapter, ...]:
    """Any specification keeps its invariants, and is not vacuous; the machine also keeps the promise, and ends."""
    own = (Induction(spec), Witnesses(spec))
    if not isinstance(spec, Seed):
        return own
    promise = Promise()
    level_a = (Induction(promise), Witnesses(promise), Congruence())
    return (*level_a, *own, Refinement(spec), Termination(spec), Progress(spec))
