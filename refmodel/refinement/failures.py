"""Which steps of the promise failures are, and what is known of both hosts.

The right to run passes at the start of the target, not at the commit. What has been found out of a target counts until
the migration is over.
"""

from typing import Any

from refmodel.handover.failure_state import Container, Knows
from refmodel.handover.failures import Failures
from refmodel.language import Action
from refmodel.refinement import core, shared_storage
from refmodel.refinement.endings import given_up
from refmodel.refinement.witnesses import Witnesses
from refmodel.state import Phase

__all__ = ["WITNESSES", "known_of_the_hosts"]


def known_of_the_hosts(spec: Any, m: Any) -> dict[str, Any]:
    """What a ledger has of them. Without failures every host lives, and whatever the target says is heard."""
    if not isinstance(spec, Failures):
        acknowledged = (m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER)
        return {"source_lost": False, "acknowledged": acknowledged, "fenced": False}
    may_start = (spec.is_under_way(m) | spec.has_enough(m)) & (m.phase != Phase.AFTER)
    return {
        "source_lost": m.failed.source,
        "acknowledged": m.failed.knows == Knows.TAKEN,
        "fenced": may_start & (m.failed.target | (m.failed.knows == Knows.NOT_TAKEN) | (m.container == Container.GONE)),
    }


def _commit(spec: Any, m: Any) -> list[Action]:
    return [] if isinstance(spec, Failures) else core.WITNESSES["commit"](spec, m)


def _acknowledge(spec: Any, m: Any) -> list[Action]:
    """Heard only later, if at all."""
    return [] if isinstance(spec, Failures) else core.WITNESSES["acknowledge"](spec, m)


def _activate(spec: Any, m: Any) -> list[Action]:
    starts = [*core.WITNESSES["activate"](spec, m), *shared_storage.taken_along(spec)]
    return [*core.WITNESSES["commit"](spec, m), *starts] if isinstance(spec, Failures) else starts


def _lose_source(spec: Any, m: Any) -> list[Action]:
    """The migration is over with it, unless the target has what it needs to go on."""
    dies = [Action("lose_source")]
    return dies if spec.has_enough(m) else [*dies, *shared_storage.taken_back(spec, m), Action("abandon")]


def _lose_target(spec: Any, m: Any) -> list[Action]:
    if m.phase == Phase.AFTER:
        return [Action("stop_target")] if m.hand_over.target_runs else []
    return [Action("fence")]


def _freed(spec: Any, m: Any) -> list[Action]:
    """After the migration it is only tidied up."""
    return [Action("fence")] if spec.is_under_way(m) else []


def _find_out(spec: Any, m: Any) -> list[Action]:
    return [Action("acknowledge" if spec.found_out(m) == Knows.TAKEN else "fence")]


WITNESSES: Witnesses = {
    "commit": _commit,
    "acknowledge": _acknowledge,
    "activate": _activate,
    "abort": given_up,
    "wire_error": given_up,
    "reservation_refused": given_up,
    "reservation_freed": _freed,
    "resume_source": given_up,
    "lose_source": _lose_source,
    "lose_target": _lose_target,
    "hear_acknowledgement": lambda spec, m: [Action("acknowledge")],
    "find_out": _find_out,
}
