"""What the target has of its own before it runs: start_info, the xenstore ring's indices, the p2m list.

Reasons (``tools/libs/guest/xg_sr_restore_x86_pv.c``, and the builder's start of xenstore): start_info names the host's
frames of shared_info, of the xenstore ring and of the console, and its event channels; the ring begins anew; the p2m
list holds machine frames, which are another host's. Everything else must be what was sent.
"""

from collections.abc import Iterator

from attrs import frozen

from refmodel.oracle.xen import wire
from refmodel.oracle.xen.memory_image import MemoryImage
from refmodel.oracle.xen.page_tables import entries
from refmodel.oracle.xen.results import Result, checked, finding
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.vcpu import CONTEXT_SIZE, start_info_of

__all__ = ["Special", "explained_differences", "specials_of"]

_RULE = "the-target-differs-only-where-it-must"
_SHARED_INFO, _STORE_MFN, _CONSOLE_MFN = 40, 56, 72
_OWN_FIELDS = ((_SHARED_INFO, 8), (48, 4), (_STORE_MFN, 8), (64, 4), (_CONSOLE_MFN, 8), (80, 4))
"""shared_info, flags, store_mfn, store_evtchn, console mfn and evtchn: ``xen/include/public/xen.h``, start_info."""
_RING_INDICES = slice(2048, 2064)
"""req_cons, req_prod, rsp_cons, rsp_prod: ``xen/include/public/io/xs_wire.h``."""


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


@frozen
class Special:
    """The pfns of the pages that the target has of its own; None where the stream does not tell."""

    start_info: int | None
    ring: int | None
    p2m: tuple[int, ...]

    @property
    def pfns(self) -> frozenset[int]:
        """All of them."""
        return frozenset(p for p in (self.start_info, self.ring, *self.p2m) if p is not None)


def specials_of(story: Story) -> Special:
    """The special pages, by what travelled: vCPU 0's rdx names start_info, whose store_mfn is a pfn on the wire."""
    context = story.vcpus.get(0)
    start_info = start_info_of(context) if context and len(context) == CONTEXT_SIZE else None
    sent = story.kept.get(start_info) if start_info is not None else None
    ring = _u64(sent, _STORE_MFN) if sent is not None else None
    return Special(start_info, ring, story.p2m.frames if story.p2m else ())


def explained_differences(
    story: Story, special: Special, source: MemoryImage | None, target: MemoryImage, explained: set[int]
) -> Iterator[Result]:
    """Judge the special pages; those that differ for their reason are added to `explained`."""
    count = 0
    for pfn in sorted(special.pfns):
        if pfn not in target.kept:
            continue
        sent = _sent(story, source, pfn)
        if sent is None and pfn not in special.p2m:
            yield f"pfn {pfn}, which the target has of its own, was not compared: the bytes sent are not known"
            explained.add(pfn)
            continue
        count += 1
        message = _wrong(special, pfn, sent, target, source)
        if message is None:
            explained.add(pfn)
        else:
            yield finding(_RULE, message, pfn)
    yield checked(_RULE, count)


def _sent(story: Story, source: MemoryImage | None, pfn: int) -> bytes | None:
    """The bytes that were sent of the page last: kept, or those of a source that has the same page."""
    if pfn in story.kept:
        return story.kept[pfn]
    if source is not None and pfn in source.kept and source.digest_of(pfn) == story.digests.get(pfn):
        return source.travelling(pfn).data
    return None


def _wrong(
    special: Special, pfn: int, sent: bytes | None, target: MemoryImage, source: MemoryImage | None
) -> str | None:
    """Return what is wrong with the target's page, None where it differs from `sent` for its reason."""
    found = target.kept[pfn]
    if pfn in special.p2m:
        first = special.p2m.index(pfn) * len(entries(found))
        for side, image in (("target", target), ("source", source)):
            if image is None or pfn not in image.kept:
                continue
            for index, mfn in enumerate(entries(image.kept[pfn]), first):
                if image.m2p.get(mfn) != index and index in image.types:
                    return f"the {side}'s p2m list names frame {mfn:#x} for pfn {index}, which is not its own"
        return None
    assert sent is not None
    if pfn == special.ring:
        expected = bytearray(sent)
        expected[_RING_INDICES] = bytes(_RING_INDICES.stop - _RING_INDICES.start)
        return None if found == expected else "the xenstore ring differs in more than its indices, or they are not zero"
    mine, theirs = bytearray(sent), bytearray(found)
    for at, size in _OWN_FIELDS:
        mine[at : at + size] = theirs[at : at + size] = bytes(size)
    if mine != theirs:
        return "start_info differs in more than its frames, flags and event channels"
    for name, at in (("xenstore ring", _STORE_MFN), ("console", _CONSOLE_MFN)):
        if target.m2p.get(_u64(found, at)) != _u64(sent, at):
            return (
                f"start_info names frame {_u64(found, at):#x} for the {name}, which is not that of pfn {_u64(sent, at)}"
            )
    if _u64(found, _SHARED_INFO) % wire.PAGE_SIZE or _u64(found, _SHARED_INFO) >> 12 in target.m2p:
        return f"start_info names {_u64(found, _SHARED_INFO):#x} for shared_info, which is a page of the guest"
    return None
