"""Rules about page tables as they travelled, and about their entries against the source's. I-NORM, class M24."""

from collections.abc import Iterator

from refmodel.oracle.xen.memory_image import MemoryImage
from refmodel.oracle.xen.page_tables import FRAME, PRESENT, XEN_SLOTS, entries, frame_of, level_of
from refmodel.oracle.xen.results import Result, checked, finding, unchecked
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.vcpu import CONTEXT_SIZE, roots_of

__all__ = ["a_vcpus_root_is_an_l4", "entries_name_pages", "entries_name_the_sources_frames"]

_OF_THE_GUEST = "a-present-entry-names-a-page-of-the-guest"
_BELOW = "each-page-table-names-the-level-below"
_FRAMES = "a-page-table-entry-names-the-sources-frame"
_ROOT = "a-vcpus-root-is-an-l4"
_MOST = 8
"""Findings for one page: its entries."""


def entries_name_pages(story: Story) -> Iterator[Result]:
    """A page table travels with pfns of the guest in its present entries; those above L1 name the level below."""
    assert story.p2m is not None
    last = story.p2m.last
    present = upper = 0
    for pfn, data in story.kept.items():
        level = level_of(story.types[pfn])
        findings: list[Result] = []
        for slot, entry in enumerate(entries(data)) if level else ():
            if level == 4 and slot in XEN_SLOTS:
                if entry:
                    findings.append(finding(_OF_THE_GUEST, f"slot {slot} of an L4, which is Xen's, is not zero", pfn))
                continue
            if not entry & PRESENT:
                continue
            present += 1
            named = frame_of(entry)
            if named > last:
                message = f"slot {slot} of an L{level} names {named:#x}, which is no pfn of the guest"
                findings.append(finding(_OF_THE_GUEST, message, pfn))
                continue
            if level == 1:
                continue
            upper += 1
            below = level_of(story.types.get(named, 0))
            # An L4 may map itself or another L4, as its own linear table.
            if below != level - 1 and (level, below) != (4, 4):
                what = f"an L{below}" if below else "no page table"
                findings.append(finding(_BELOW, f"slot {slot} of an L{level} names pfn {named}, {what}", pfn))
        yield from findings[:_MOST]
    yield checked(_OF_THE_GUEST, present)
    yield checked(_BELOW, upper)


def a_vcpus_root_is_an_l4(story: Story) -> Iterator[Result]:
    """The kernel's and the user's root of each vCPU are pages of type L4."""
    count = 0
    for vcpu, context in story.vcpus.items():
        if len(context) != CONTEXT_SIZE:
            yield unchecked(_ROOT, f"the context of vCPU {vcpu} has {len(context)} bytes, not {CONTEXT_SIZE}")
            continue
        roots = roots_of(context)
        for name, pfn in (("kernel's", roots.kernel), ("user's", roots.user)):
            if name == "user's" and not pfn:
                continue
            count += 1
            if level_of(story.types.get(pfn, 0)) != 4:
                yield finding(_ROOT, f"the {name} root of vCPU {vcpu} names pfn {pfn}, which is no L4")
    yield checked(_ROOT, count)


def entries_name_the_sources_frames(story: Story, image: MemoryImage | None) -> Iterator[Result]:
    """Each entry of a page table travels as the source's, with its frame translated by the source's M2P."""
    if image is None:
        yield unchecked(_FRAMES)
        return
    count = 0
    for pfn, sent in story.kept.items():
        level = level_of(story.types[pfn])
        if not level or level != level_of(image.types.get(pfn, 0)) or pfn not in image.kept:
            continue
        source = image.travelling(pfn)
        count += 512
        if source.data == sent:
            continue
        pairs = zip(entries(sent), entries(source.data), strict=True)
        wrong = [(slot, here, there) for slot, (here, there) in enumerate(pairs) if here != there]
        for slot, here, there in wrong[:_MOST]:
            yield finding(_FRAMES, f"slot {slot} of an L{level}: {_difference(here, there)}", pfn)
    yield checked(_FRAMES, count)


def _difference(sent: int, source: int) -> str:
    if sent & ~FRAME == source & ~FRAME:
        return f"sent naming pfn {frame_of(sent):#x}, the source's names {frame_of(source):#x}"
    return f"sent as {sent:#x}, the source's is {source:#x}"
