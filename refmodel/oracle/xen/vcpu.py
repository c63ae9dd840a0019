"""The vCPU's context of a 64-bit PV guest, and the form in which it travels: frames become pfns.

Layout: ``struct vcpu_guest_context`` of ``xen/include/public/arch-x86/xen.h``. On the wire ``user_regs.rdx`` of vCPU 0
is the pfn of start_info, ``gdt_frames`` are pfns, ``ctrlreg[3]`` (the kernel's L4) is pfn << 12 and ``ctrlreg[1]`` (the
user's) is that with bit 0 set.
"""

import struct
from collections.abc import Mapping

from attrs import frozen

__all__ = ["CONTEXT_SIZE", "FIELDS", "Roots", "differing_fields", "roots_of", "start_info_of", "travelling_context"]

CONTEXT_SIZE = 5168
_RDX = 520 + 8 * 12
_GDT = 520 + 200 + 4096 + 16
_GDT_ENTRIES = _GDT + 128
_CONTROL = _GDT_ENTRIES + 8 + 16
_KERNEL, _USER = _CONTROL + 8 * 3, _CONTROL + 8 * 1

FIELDS = (
    ("fpu_ctxt", 0),
    ("flags", 512),
    ("user_regs", 520),
    ("trap_ctxt", 720),
    ("ldt", 4816),
    ("gdt_frames", _GDT),
    ("gdt_ents", _GDT_ENTRIES),
    ("kernel_ss and kernel_sp", _GDT_ENTRIES + 8),
    ("ctrlreg", _CONTROL),
    ("debugreg", _CONTROL + 64),
    ("callbacks and segment bases", _CONTROL + 128),
)


@frozen
class Roots:
    """The page-table roots of a context, as frame numbers of its own kind; 0 where there is none."""

    kernel: int
    user: int


def _get(context: bytes, at: int) -> int:
    return int.from_bytes(context[at : at + 8], "little")


def start_info_of(context: bytes) -> int:
    """Return ``user_regs.rdx``: the frame of start_info, while a guest is suspended."""
    return _get(context, _RDX)


def roots_of(context: bytes) -> Roots:
    """Return the roots of the kernel's and of the user's page tables."""
    return Roots(_get(context, _KERNEL) >> 12, _get(context, _USER) >> 12)


def travelling_context(context: bytes, m2p: Mapping[int, int]) -> bytes:
    """Return the context of a memory image in the form in which it travels.

    A frame that `m2p` does not know stays as it is.
    """
    out = bytearray(context)

    def put(at: int, value: int) -> None:
        struct.pack_into("<Q", out, at, value)

    put(_RDX, m2p.get(_get(context, _RDX), _get(context, _RDX)))
    for at in range(_GDT, _GDT + 8 * min(16, -(-_get(context, _GDT_ENTRIES) // 512)), 8):
        put(at, m2p.get(_get(context, at), _get(context, at)))
    roots = roots_of(context)
    put(_KERNEL, m2p.get(roots.kernel, roots.kernel) << 12 & (1 << 64) - 1)
    if roots.user:
        put(_USER, m2p.get(roots.user, roots.user) << 12 & (1 << 64) - 1 | 1)
    return bytes(out)


def differing_fields(one: bytes, other: bytes) -> tuple[str, ...]:
    """Return the names of the fields in which two contexts differ."""
    ends = [start for _, start in FIELDS[1:]] + [max(len(one), len(other))]
    return tuple(name for (name, start), end in zip(FIELDS, ends, strict=True) if one[start:end] != other[start:end])
