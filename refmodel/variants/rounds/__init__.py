"""Wrong variants of the contract *rounds*, a module for each part that they are of."""

from refmodel.variants.rounds import core, free_hints, leaf_by_leaf, qemu_policy, xen_2005_policy, xen_policy

__all__ = ["ROUNDS_VARIANTS"]

ROUNDS_VARIANTS = (
    *core.ROUNDS_VARIANTS,
    *leaf_by_leaf.LEAF_VARIANTS,
    *xen_policy.XEN_VARIANTS,
    *xen_2005_policy.XEN_2005_VARIANTS,
    *free_hints.FREE_HINT_VARIANTS,
    *qemu_policy.QEMU_VARIANTS,
)
