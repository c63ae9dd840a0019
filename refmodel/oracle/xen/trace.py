"""xentrace's file: the shadow code's fixed faults, and the calls by which a PV guest updates its page tables.

Record (``xen/include/public/trace.h``), little endian: u32 header = event in bits 27:0, number of extra words in bits
30:28, bit 31 set when a u64 TSC follows; then the extra words. Records of a CPU stand in windows that
TRC_TRACE_CPU_CHANGE {cpu, bytes} opens. SHADOW_FIXUP is {u64 guest L1 entry, u64 address, u32 flags}
(``trace_shadow_fixup`` of ``xen/arch/x86/mm/shadow/multi.c``), 4-level guests have 0x200 in its event.
"""

import struct

from attrs import field, frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import NotReadYet, UnusableInput

__all__ = ["Fixup", "Trace", "read_trace"]

_LOST = 0x0001F001
_CPU_CHANGE = 0x0001F003
_FIXUP = 0x0040F006
_FIXUP_4_LEVEL = _FIXUP | 0x200
_LEVELS = 0xF00
_64_BIT = 0x100
_PTWR = (0x0020100B, 0x0020100C)
_HYPERCALLS = (0x0020100D, 0x0020200E)
"""Events that name a hypercall in bits 19:0 of their first word: HYPERCALL_V2, and one in a multicall."""
_TABLE_UPDATES = frozenset((1, 2, 13, 14, 26))
"""mmu_update, set_gdt, multicall, update_va_mapping, mmuext_op: ``xen/include/public/xen.h``."""
_CYCLES = 1 << 31
_MOST_FIXUPS = 1 << 20


@frozen
class Fixup:
    """A fault that the shadow code fixed: the guest's L1 entry for it, and the address."""

    entry: int
    address: int


@frozen
class Trace:
    """The fixed faults in order; `updates`: how many of them came before each page-table update of the guest."""

    name: str
    fixups: tuple[Fixup, ...] = field(repr=False)
    updates: tuple[int, ...] = field(repr=False)
    records: int
    lost: int
    """Records that xentrace lost."""


def read_trace(source: ByteSource) -> Trace:
    """Read the file. Raises `UnusableInput` for what is no such trace, `NotReadYet` for that of several CPUs.

    Raises `EarlyEnd` when it is cut short.
    """
    fixups: list[Fixup] = []
    updates: list[int] = []
    records = lost = 0
    cpu: int | None = None
    window = 0
    while source.peek(1):
        offset = source.offset
        header = int.from_bytes(source.read_exact(4, "trace record"), "little")
        event, extra = header & 0x0FFFFFFF, header >> 28 & 7
        if header & _CYCLES:
            source.read_exact(8, "trace record's TSC")
        words = source.read_exact(4 * extra, "trace record's words")
        if event == _CPU_CHANGE:
            if window > offset or extra != 2:
                raise UnusableInput(source.name, offset, "a window of a CPU inside another", f"its end at {window}")
            number, size = struct.unpack("<2I", words)
            if cpu not in (None, number):
                raise NotReadYet(source.name, offset, f"a trace of the CPUs {cpu} and {number}", "one CPU's records")
            cpu, window = number, source.offset + size
            continue
        if cpu is None:
            raise UnusableInput(source.name, offset, f"no trace (event {event:#x})", "TRC_TRACE_CPU_CHANGE first")
        if source.offset > window:
            raise UnusableInput(source.name, offset, "a record over the end of its window", f"its end at {window}")
        records += 1
        if event == _LOST:
            lost += int.from_bytes(words[:4], "little") or 1
        elif event & ~_LEVELS == _FIXUP:
            if event != _FIXUP_4_LEVEL or len(words) != 20:
                raise NotReadYet(source.name, offset, f"SHADOW_FIXUP {event:#x} of {extra} words", "a 4-level guest's")
            if len(fixups) == _MOST_FIXUPS:
                raise UnusableInput(source.name, offset, "one more SHADOW_FIXUP", f"{_MOST_FIXUPS} at the most")
            fixups.append(Fixup(*struct.unpack_from("<2Q", words)))
        elif _updates_tables(event, words):
            updates.append(len(fixups))
    if source.offset < window:
        raise UnusableInput(source.name, source.offset, "the trace ends inside a window", f"{window} bytes")
    return Trace(source.name, tuple(fixups), tuple(updates), records, lost)


def _updates_tables(event: int, words: bytes) -> bool:
    if event & ~_64_BIT in _PTWR:
        return True
    return event in _HYPERCALLS and int.from_bytes(words[:4], "little") & 0xFFFFF in _TABLE_UPDATES
