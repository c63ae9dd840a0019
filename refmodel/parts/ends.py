"""How a migration ends: what can be lost, and what each side then may do."""

from refmodel.handover.failure_claims import FailureClaims
from refmodel.handover.failure_state import WithFailures
from refmodel.handover.postcopy_images import PostCopyImages
from refmodel.handover.postcopy_state import WithPostCopy
from refmodel.handover.requests import Requests, WithRequests
from refmodel.handover.shared_storage import SharedStorage, WithImages
from refmodel.language import Contract
from refmodel.parts.part import Part

__all__ = ["ENDS"]

ENDS = (
    Part(
        "postcopy",
        PostCopyImages,
        Contract.HAND_OVER,
        "the guest runs at the target while pages are owed, which come on demand; the wire may be lost, and found",
        WithPostCopy,
        needs=("failures",),
    ),
    Part(
        "failures",
        FailureClaims,
        Contract.HAND_OVER,
        "the target reserves or refuses; wire, source or target may be lost at any step, and an operator finds out",
        WithFailures,
    ),
    Part(
        "shared-storage",
        SharedStorage,
        Contract.HAND_OVER,
        "images on storage that both hosts reach: one side has them active, and lets them go before the commit",
        WithImages,
    ),
    Part(
        "requests",
        Requests,
        Contract.HAND_OVER,
        "a request to a device that is in flight at the pause is drained, or carried over and started at the target",
        WithRequests,
        sizes={"dev": 1},
    ),
)
