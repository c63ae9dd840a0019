"""The tables that the hardware walked: ``tables.bin`` (frames of physical memory) and ``regs.txt`` (the CPUs).

``tables.bin``: "PHYSSPRS", then {u64 mfn, 4096 bytes} until the end. ``regs.txt``: QEMU's ``info registers`` of each
CPU of the emulated machine; CR3 is the root that a CPU walks, CPL tells the guest's kernel (0) from its user (3).
"""

import re

from attrs import field, frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.page_tables import entries
from refmodel.oracle.xen.wire import little

__all__ = ["CpuState", "Tables", "read_registers", "read_tables"]

_MAGIC = b"PHYSSPRS"
_MOST_TABLES = 1 << 13
_LARGEST = 1 << 20
_CPU = re.compile(r"^CPU#(\d{1,4})", re.M | re.A)
_CR3 = re.compile(r"\bCR3=([0-9a-fA-F]{1,16})\b")
_CPL = re.compile(r"\bCPL=([0-3])\b")


@frozen
class Tables:
    """Frames of page tables by machine frame number, 4096 bytes each."""

    name: str
    frames: dict[int, bytes] = field(repr=False)

    def entries(self, mfn: int) -> tuple[int, ...]:
        """Return the 512 entries of the table in frame `mfn`. Raises `UnusableInput` when it was not recorded."""
        if mfn not in self.frames:
            what = f"the table in frame {mfn:#x}, which another table names, is missing"
            raise UnusableInput(self.name, 0, what, "every table that the CPU can walk")
        return entries(self.frames[mfn])


@frozen
class CpuState:
    """A CPU: its number, the frame of its page-table root, its privilege level."""

    number: int
    root: int
    level: int


def read_tables(source: ByteSource) -> Tables:
    """Read the frames. Raises `UnusableInput` for what is no such file, `EarlyEnd` when it is cut short."""
    if source.read_some(len(_MAGIC)) != _MAGIC:
        raise UnusableInput(source.name, 0, "no recorded tables", f"{_MAGIC!r} at the start")
    frames: dict[int, bytes] = {}
    while source.peek(1):
        offset = source.offset
        mfn = little(source, 8, "frame number")
        if mfn in frames or len(frames) == _MOST_TABLES:
            raise UnusableInput(source.name, offset, f"frame {mfn:#x}", f"{_MOST_TABLES} frames at most, each once")
        frames[mfn] = source.read_exact(wire.PAGE_SIZE, f"frame {mfn:#x}")
    return Tables(source.name, frames)


def read_registers(source: ByteSource) -> tuple[CpuState, ...]:
    """Return the CPUs. Raises `UnusableInput` where CR3 or CPL of a CPU is missing."""
    text = source.read_rest(_LARGEST, "the registers").decode("ascii", "replace")
    heads = [*_CPU.finditer(text)]
    ends = [head.start() for head in heads] + [len(text)]
    found = []
    for head, end in zip(heads, ends[1:], strict=True):
        part = text[head.start() : end]
        root, level = _CR3.search(part), _CPL.search(part)
        if root is None or level is None:
            raise UnusableInput(
                source.name, head.start(), f"CPU#{head[1]} without CR3 or CPL", "`info registers`, whole"
            )
        found.append(CpuState(int(head[1]), int(root[1], 16) >> 12 & (1 << 40) - 1, int(level[1])))
    if not found:
        raise UnusableInput(source.name, 0, "no CPU", "`info registers` of each CPU")
    return tuple(found)
