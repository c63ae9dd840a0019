"""A small PV guest for tests: 16 pages with a page-table tree, and its memory on either side."""

import struct
from collections.abc import Mapping

PAGES = 16
CODE, START_INFO, RING, CONSOLE, P2M, GDT = 1, 2, 3, 4, 5, 6
KERNEL_L4, USER_L4, L3, L2, L1, OTHER_L1 = 7, 8, 9, 10, 11, 12
HOT, WARM, COLD = 13, 14, 15
"""Plain pages that the guest writes."""

TYPES = {KERNEL_L4: 0xC, USER_L4: 0xC, L3: 3, L2: 2, L1: 1, OTHER_L1: 1}
XEN_FRAME = 0x9999
"""A frame outside the guest."""

SOURCE = {pfn: 0x1000 + (pfn * 5) % PAGES for pfn in range(PAGES)}
TARGET = {pfn: 0x2000 + (pfn * 3) % PAGES for pfn in range(PAGES)}

RO, RW = 0x25, 0x67
"""Flags of entries: present, user, accessed; and dirty, writable."""


def text(words: str) -> bytes:
    """A page that holds `words`."""
    return words.encode().ljust(4096, b"\0")


def table(entries: Mapping[int, int]) -> bytes:
    """A page-table page with these slots."""
    return struct.pack("<512Q", *(entries.get(slot, 0) for slot in range(512)))


def entry(frame: int, flags: int) -> int:
    """A page-table entry; bit 63 (no execute) and the like may be in `flags`."""
    return frame << 12 | flags


def start_info(shared: int, flags: int, store: int, store_port: int, console: int, console_port: int) -> bytes:
    """The start_info page."""
    head = b"xen-3.0-x86_64".ljust(32, b"\0")
    body = struct.pack("<QQIxxxxQIxxxxQIxxxx", PAGES, shared, flags, store, store_port, console, console_port)
    return (head + body).ljust(4096, b"\0")


def ring(indices: tuple[int, int, int, int]) -> bytes:
    """The xenstore ring's page."""
    return (b"control/shutdown".ljust(2048, b"\0") + struct.pack("<4I", *indices)).ljust(4096, b"\0")


def suspended() -> dict[int, bytes]:
    """What travels of the suspended guest: frames are pfns, the p2m list has the source's frames."""
    return {
        0: bytes(4096),
        CODE: text("code"),
        START_INFO: start_info(0xBFD7A000, 8, RING, 1, CONSOLE, 2),
        RING: ring((622, 622, 636, 636)),
        CONSOLE: text("console"),
        P2M: p2m_list(SOURCE),
        GDT: text("gdt"),
        KERNEL_L4: table({0: entry(L3, RW)}),
        USER_L4: table({0: entry(L3, RW), 300: 0x1234}),
        L3: table({0: entry(L2, RW)}),
        L2: table({0: entry(L1, RW), 1: entry(OTHER_L1, RW)}),
        L1: table({0: entry(CODE, RO), 1: entry(HOT, RW), 2: entry(WARM, RW), 3: entry(COLD, RW | 1 << 63), 9: 0x70}),
        OTHER_L1: table({0: entry(0, RO), 7: entry(L1, RO)}),
        HOT: text("hot 3"),
        WARM: text("warm 2"),
        COLD: text("cold 2"),
    }


def p2m_list(frames: Mapping[int, int]) -> bytes:
    """The p2m list: the machine frame of each pfn."""
    return table({pfn: frames[pfn] for pfn in range(PAGES)})


def built() -> dict[int, bytes]:
    """The same pages as the target has them, page tables still with pfns."""
    return suspended() | {
        START_INFO: start_info(0xBFC64000, 0, TARGET[RING], 1, TARGET[CONSOLE], 2),
        RING: ring((0, 0, 0, 0)),
        P2M: p2m_list(TARGET),
    }


def in_memory(page: bytes, page_type: int, frames: Mapping[int, int]) -> bytes:
    """A page as it lies in memory: present entries name machine frames, an L4 has Xen's slots."""
    if not 1 <= page_type & 7 <= 4:
        return page
    found = list(struct.unpack("<512Q", page))
    for slot, value in enumerate(found):
        if value & 1 and value >> 12 & 0xFFFFF < PAGES:
            found[slot] = value & ~(0xFFFFF << 12) | frames[value >> 12 & 0xFFFFF] << 12
    if page_type & 7 == 4:
        found[256:272] = [entry(XEN_FRAME, 0x63)] * 16
    return struct.pack("<512Q", *found)


def context(frames: Mapping[int, int] | None) -> bytes:
    """vCPU 0's context in memory; in the form that travels when `frames` is None."""
    on_wire = frames is None
    of = frames or {pfn: pfn for pfn in range(PAGES)}
    out = bytearray(5168)
    struct.pack_into("<Q", out, 520, 0xABCD)
    struct.pack_into("<Q", out, 520 + 96, of[START_INFO])
    gdt = 520 + 200 + 4096 + 16
    struct.pack_into("<Q", out, gdt, of[GDT])
    struct.pack_into("<Q", out, gdt + 128, 16)
    struct.pack_into("<4Q", out, gdt + 152, 0x80050033, of[USER_L4] << 12 | on_wire, 0x5000, of[KERNEL_L4] << 12)
    return bytes(out)
