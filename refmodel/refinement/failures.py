"""Which steps of the promise failures are; and when the right to run passes: at the start, not at the commit."""

from typing import Any

from refmodel.handover.failures import Failures
from refmodel.language import Action
from refmodel.refinement import core
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _commit(spec: Any, m: Any) -> list[Action]:
    return [] if isinstance(spec, Failures) else core.WITNESSES["commit"](spec, m)


def _activate(spec: Any, m: Any) -> list[Action]:
    starts = core.WITNESSES["activate"](spec, m)
    return [*core.WITNESSES["commit"](spec, m), *starts] if isinstance(spec, Failures) else starts


def _lose_source(spec: Any, m: Any) -> list[Action]:
    return [Action("stop")] if m.hand_over.source_runs else []


def _lose_target(spec: Any, m: Any) -> list[Action]:
    return [Action("stop_target")] if m.hand_over.target_runs else []


WITNESSES: Witnesses = {
    "commit": _commit,
    "activate": _activate,
    "lose_source": _lose_source,
    "lose_target": _lose_target,
    "wire_error": core.WITNESSES["abort"],
    "resume_source": lambda spec, m: [Action("resume")],
}
