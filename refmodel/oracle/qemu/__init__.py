"""QEMU's rules over traces and store logs beside a stream. Begin with ``companions``; ``rules`` lists them."""

from refmodel.oracle.qemu.companions import Companions, Report, companions
from refmodel.oracle.qemu.rules import RULES, QemuRule

__all__ = ["RULES", "Companions", "QemuRule", "Report", "companions"]
