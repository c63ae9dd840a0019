"""xenperf's output: `name  T= total  per-CPU values`, one counter a line."""

import re

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput

__all__ = ["FIXED_FAULTS", "read_counters"]

FIXED_FAULTS = "shadow_fault fixed fault"
"""``shadow_fault_fixed`` of ``xen/arch/x86/include/asm/perfc_defn.h``."""

_LARGEST = 1 << 22
_TOTAL = re.compile(r" T= *(\d{1,20})(?: |$)", re.ASCII)


def read_counters(source: ByteSource) -> dict[str, int]:
    """Return the totals by name. Raises `UnusableInput` for a file without the counter of fixed faults."""
    data = source.read_rest(_LARGEST, "the counters")
    found = {}
    for line in data.decode("ascii", "replace").splitlines():
        if match := _TOTAL.search(line):
            found[line[: match.start()].rstrip(" ")] = int(match[1])
    if FIXED_FAULTS not in found:
        raise UnusableInput(source.name, len(data), f"no counter {FIXED_FAULTS!r}", "xenperf's output, whole")
    return found
