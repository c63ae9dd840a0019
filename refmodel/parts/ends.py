"""How a migration ends: what can be lost, and what each side then may do."""

from refmodel.handover.failure_claims import FailureClaims
from refmodel.handover.failures import WithFailures
from refmodel.language import Contract
from refmodel.parts.part import Part

__all__ = ["ENDS"]

ENDS = (
    Part(
        "failures",
        FailureClaims,
        Contract.HAND_OVER,
        "the wire, the source or the target may be lost at any step; an operator finds out what became of the target",
        WithFailures,
    ),
)
