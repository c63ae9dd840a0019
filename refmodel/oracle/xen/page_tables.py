"""A PV guest's page tables: from machine frames to the guest's own, the form in which they travel.

In a page-table page every present entry names a machine frame in bits 51:12; on the wire it names the guest's pfn
(M2P). The slots 256 to 271 of an L4 are Xen's own and travel as zero. Source: ``normalise_pagetable`` of
``tools/libs/guest/xg_sr_save_x86_pv.c``.
"""

import struct
from collections.abc import Mapping

from attrs import frozen

__all__ = ["FRAME", "PRESENT", "XEN_SLOTS", "Canonical", "canonical", "entries", "frame_of", "level_of"]

PRESENT, WRITABLE, USER, NO_EXECUTE = 1 << 0, 1 << 1, 1 << 2, 1 << 63
FRAME = ((1 << 40) - 1) << 12
XEN_SLOTS = range(256, 272)

_ENTRIES = struct.Struct("<512Q")


def level_of(page_type: int) -> int:
    """Return 1 to 4 for a page-table page, pinned or not, else 0."""
    return page_type & 7 if 1 <= page_type & 7 <= 4 and page_type & ~0xF == 0 else 0


def entries(data: bytes) -> tuple[int, ...]:
    """Return the 512 entries of a page-table page of 4096 bytes."""
    return _ENTRIES.unpack(data)


def frame_of(entry: int) -> int:
    """Return the frame number that an entry names."""
    return (entry & FRAME) >> 12


@frozen
class Canonical:
    """A page in the form in which it travels; `strangers` are the slots that name a frame outside the guest."""

    data: bytes
    strangers: tuple[int, ...] = ()


def canonical(data: bytes, level: int, m2p: Mapping[int, int]) -> Canonical:
    """Return the page of table `level` (0: no table) with machine frames translated by `m2p`.

    An entry of a frame that `m2p` does not know stays as it is.
    """
    if level == 0:
        return Canonical(data)
    found = list(_ENTRIES.unpack(data))
    strangers = []
    if level == 4:
        found[XEN_SLOTS.start : XEN_SLOTS.stop] = [0] * len(XEN_SLOTS)
    for slot, entry in enumerate(found):
        if entry & PRESENT:
            pfn = m2p.get((entry & FRAME) >> 12)
            if pfn is None:
                strangers.append(slot)
            else:
                found[slot] = entry & ~FRAME | pfn << 12
    return Canonical(_ENTRIES.pack(*found), tuple(strangers))
