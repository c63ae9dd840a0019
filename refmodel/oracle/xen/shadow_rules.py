"""Rules about the tables that the hardware walked while the guest ran: R1, R3, R4, R8, I-SHADOW, I-LOG, seen in Xen.

The walk goes from the CPU's CR3 through the recorded frames, and beside it through the guest's own tables from the root
that the guest's vCPU has loaded. Rights are what all levels of a walk grant together.
"""

from collections.abc import Iterator

from attrs import frozen

from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.xen.bitmaps import Bitmap
from refmodel.oracle.xen.memory_image import MemoryImage
from refmodel.oracle.xen.page_tables import NO_EXECUTE, PRESENT, USER, WRITABLE, XEN_SLOTS, frame_of, level_of
from refmodel.oracle.xen.results import Misfit, Result, checked, finding, unchecked
from refmodel.oracle.xen.shadow_files import CpuState, Tables
from refmodel.oracle.xen.vcpu import roots_of

__all__ = ["SHADOW_RULES", "Mapping", "guest_cpu", "mappings", "shadow_rules"]

_WALKS = "the-cpu-walks-the-shadow"
_FRAME = "a-shadow-mapping-has-the-guests-own-frame"
_RIGHTS = "a-shadow-mapping-grants-no-more-than-the-guests-table"
_LOGGED = "a-page-writable-in-the-shadow-is-in-the-next-clean"
_TABLES = "no-page-table-page-is-writable-in-the-shadow"

SHADOW_RULES = (_WALKS, _FRAME, _RIGHTS, _LOGGED, _TABLES)
"""The rules that this module checks."""

_MAGIC = 0xFFFF << 48 | PRESENT
"""A shadow entry with all these bits maps nothing: it marks a fault for the fast path (SH_L1E_MAGIC_MASK)."""
_LARGE = 1 << 7
_MOST_VISITS = 1 << 13
"""Tables that a walk may visit: a cycle of four levels would be 2 to the 36th entries. Enough for 16 GiB."""
_MOST = 1000
"""Findings."""


@frozen
class Mapping:
    """What a walk from a root ends in: the address's page, the frame, and the rights of the whole walk."""

    page: int
    """The virtual address >> 12, of 36 bits."""
    frame: int
    writable: bool
    user: bool
    executable: bool


def guest_cpu(cpus: tuple[CpuState, ...], tables: Tables) -> CpuState:
    """Return the CPU whose root was recorded. Raises `UnusableInput` where it is not exactly one."""
    found = [cpu for cpu in cpus if cpu.root in tables.frames]
    if len(found) != 1:
        roots = ", ".join(f"CPU#{cpu.number} {cpu.root:#x}" for cpu in cpus)
        raise UnusableInput(tables.name, 0, f"{len(found)} roots among the tables ({roots})", "the root of one CPU")
    return found[0]


def mappings(tables: Tables, root: int) -> Iterator[Mapping]:
    """Yield what the shadow maps, Xen's own slots left out. Raises `UnusableInput` where a table is missing."""

    visits, most = 0, min(64 + 4 * len(tables.frames), _MOST_VISITS)

    def below(frame: int, level: int, page: int, rights: tuple[bool, bool, bool]) -> Iterator[Mapping]:
        nonlocal visits
        visits += 1
        if visits > most:
            raise UnusableInput(tables.name, 0, f"over {most} tables on the way", "a shadow without cycles")
        for slot, entry in enumerate(tables.entries(frame)):
            if not entry & PRESENT or entry & _MAGIC == _MAGIC or (level == 4 and slot in XEN_SLOTS):
                continue
            granted = _granted(rights, entry)
            here = page << 9 | slot
            if level == 1:
                yield Mapping(here, frame_of(entry), *granted)
            elif entry & _LARGE:
                raise UnusableInput(tables.name, 0, f"a large page in an L{level} of the shadow", "pages of 4 KiB")
            else:
                yield from below(frame_of(entry), level - 1, here, granted)

    return below(root, 4, 0, (True, True, True))


def _granted(rights: tuple[bool, bool, bool], entry: int) -> tuple[bool, bool, bool]:
    writable, user, executable = rights
    return writable and bool(entry & WRITABLE), user and bool(entry & USER), executable and not entry & NO_EXECUTE


def _guest_mapping(image: MemoryImage, root: int, page: int) -> Mapping | None:
    """Return what the guest's own tables map at `page`; None where they map nothing."""
    frame, rights = root, (True, True, True)
    for level in (4, 3, 2, 1):
        pfn = image.m2p.get(frame)
        if pfn is None or pfn not in image.kept or level_of(image.types[pfn]) != level:
            return None
        slot = page >> 9 * (level - 1) & 511
        entry = int.from_bytes(image.kept[pfn][8 * slot : 8 * slot + 8], "little")
        if not entry & PRESENT:
            return None
        frame, rights = frame_of(entry), _granted(rights, entry)
    return Mapping(page, frame, *rights)


def shadow_rules(
    image: MemoryImage, tables: Tables, cpus: tuple[CpuState, ...], clean: Bitmap | None
) -> Iterator[Result]:
    """Judge every mapping of the shadow; `clean` is the bitmap of the first CLEAN after the machine was held still.

    Raises `UnusableInput` where a table is missing; tables and an image that are not of one moment are a misfit.
    """
    cpu = guest_cpu(cpus, tables)
    yield from _one_moment(image, tables)
    yield checked(_WALKS, 1)
    if cpu.root in image.m2p:
        yield finding(_WALKS, f"CPU#{cpu.number} walks the guest's own table in frame {cpu.root:#x}")
        return
    roots = roots_of(image.context)
    root = roots.user if cpu.level == 3 and roots.user else roots.kernel
    if root not in image.m2p:
        raise UnusableInput(image.name, 0, f"the vCPU's root {root:#x} is no frame of its own", "the guest's L4")
    count = writable = withheld = findings = 0
    for shadow in mappings(tables, cpu.root):
        own = _guest_mapping(image, root, shadow.page)
        count += 1
        writable += shadow.writable
        withheld += own is not None and own.writable and not shadow.writable
        if findings < _MOST:
            found = [*_judge_mapping(image, own, shadow, clean)]
            findings += len(found)
            yield from found
    yield (
        f"of {count} mappings of the shadow {writable} are writable; "
        f"{withheld} are read-only where the guest's table lets write"
    )
    for rule, times in ((_FRAME, count), (_RIGHTS, count), (_TABLES, writable)):
        yield checked(rule, times)
    yield unchecked(_LOGGED) if clean is None else checked(_LOGGED, writable)


def _judge_mapping(image: MemoryImage, own: Mapping | None, shadow: Mapping, clean: Bitmap | None) -> Iterator[Result]:
    pfn = image.m2p.get(shadow.frame)
    where = f"at address page {shadow.page:#x}"
    if own is None or own.frame != shadow.frame:
        other = "nothing" if own is None else f"frame {own.frame:#x}"
        yield finding(_FRAME, f"the shadow maps frame {shadow.frame:#x} {where}, the guest's table {other}", pfn)
    else:
        for right in ("writable", "user", "executable"):
            if getattr(shadow, right) and not getattr(own, right):
                yield finding(_RIGHTS, f"{right} in the shadow {where}, not so in the guest's table", pfn)
    if shadow.writable and pfn is not None:
        if level_of(image.types[pfn]):
            yield finding(_TABLES, f"an L{level_of(image.types[pfn])} is writable in the shadow {where}", pfn)
        if clean is not None and pfn not in clean:
            yield finding(_LOGGED, f"writable in the shadow {where}, and not in the next CLEAN", pfn)


def _one_moment(image: MemoryImage, tables: Tables) -> Iterator[Result]:
    """The guest's own tables among the recorded frames must be those of the image."""
    for mfn, data in tables.frames.items():
        pfn = image.m2p.get(mfn)
        if pfn is not None and image.kept.get(pfn, data) != data:
            what = f"the guest's table in frame {mfn:#x} is another than in {image.name}"
            yield Misfit(f"{tables.name}: {what}; expected tables and memory of one moment")
            return
