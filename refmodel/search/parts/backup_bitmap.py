"""The part ``backup-bitmap``."""

from refmodel.search.parts.part_space import PartSpace

__all__ = ["SPACE"]

SPACE = PartSpace(left_out=frozenset({"guest_unmap"}))
"""A writer with no vCPU goes by page and looks at no mapping: how mappings go is searched with the rings alone."""
