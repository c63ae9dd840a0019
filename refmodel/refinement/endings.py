"""Which steps of the promise it is to give a migration up, whoever does so."""

from typing import Any

from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.language import Action
from refmodel.refinement import shared_storage

__all__ = ["given_up"]


def given_up(spec: Any, m: Any) -> list[Action]:
    """The source runs on, with its images; a checkpoint that there was counts no more."""
    resumes = [] if m.hand_over.source_runs else [Action("resume")]
    protected = isinstance(spec, CheckpointSteps) and m.checkpoints.exists
    forgets = [Action("forget", (spec.is_heard(m),))] if protected else []
    return [*resumes, *shared_storage.taken_back(spec, m), *forgets, Action("abandon")]
