"""Which chapters a specification's proof has: its own induction for any; for a machine the theorem and refinement;
for a named machine that has a ranking, and its variants, also that rounds end."""

from typing import Any

from proofs.ending import Termination
from proofs.obligations import Chapter, Induction
from proofs.progress import Progress
from proofs.rankings import is_ranked
from proofs.refining import Congruence, Refinement
from proofs.theorem import Theorem
from proofs.vacuity import Witnesses
from refmodel.language import Specification
from refmodel.migration import Migration

__all__ = ["chapters_of"]


def chapters_of(spec: Specification[Any]) -> tuple[Chapter, ...]:
    """Any specification keeps its invariants, and is not vacuous; a machine also keeps the promise, and ends."""
    own = (Induction(spec), Witnesses(spec))
    if not isinstance(spec, Migration):
        return own
    promise = spec.promise()
    level_a = (Induction(promise), Witnesses(promise), Congruence(promise))
    machine = (*level_a, *own, Theorem(spec), Refinement(spec))
    return (*machine, Termination(spec), Progress(spec)) if is_ranked(spec) else machine
