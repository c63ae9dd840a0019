"""Wrong variants of the contract *hand-over*, a module for each part that they are of."""

from refmodel.variants.hand_over import (
    checkpoints,
    core,
    failures,
    fences,
    postcopy,
    requests,
    reservation,
    second_hop,
    shared_storage,
)

__all__ = ["HAND_OVER_VARIANTS"]

HAND_OVER_VARIANTS = (
    *core.HAND_OVER_VARIANTS,
    *checkpoints.CHECKPOINT_VARIANTS,
    *checkpoints.CHECKPOINT_CONTROLS,
    *failures.FAILURE_VARIANTS,
    *failures.FAILURE_CONTROLS,
    *fences.FENCE_VARIANTS,
    *reservation.RESERVATION_VARIANTS,
    *reservation.RESERVATION_CONTROLS,
    *postcopy.POSTCOPY_VARIANTS,
    *requests.REQUEST_VARIANTS,
    *shared_storage.STORAGE_VARIANTS,
    *second_hop.SECOND_HOP_VARIANTS,
)
