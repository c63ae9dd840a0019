"""Recordings of Xen: live migrations of a PV guest under shadow log-dirty (Xen 4.17, libxc stream version 3).

Read ``records`` and ``wrapper`` (the stream), ``story`` (Xen's names mapped to ours), ``passes`` (what a pass must be),
``rules`` (every rule as data), then a module a subject: ``table_rules``, ``log_rules``, ``shadow_rules``,
``image_rules``, ``target``. ``recording`` puts them together: ``judge_xen``.
"""

from refmodel.oracle.xen.recording import judge_xen, looks_like_xen
from refmodel.oracle.xen.rules import RULES

__all__ = ["RULES", "judge_xen", "looks_like_xen"]
