"""Wrong variants of the contract *hand-over*, a module for each part that they are of."""

from refmodel.variants.hand_over import core, failures, requests, second_hop, shared_storage

__all__ = ["HAND_OVER_VARIANTS"]

HAND_OVER_VARIANTS = (
    *core.HAND_OVER_VARIANTS,
    *failures.FAILURE_VARIANTS,
    *requests.REQUEST_VARIANTS,
    *shared_storage.STORAGE_VARIANTS,
    *second_hop.SECOND_HOP_VARIANTS,
)
