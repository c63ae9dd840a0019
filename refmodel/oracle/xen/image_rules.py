"""Rules about what both sides hold at the hand-over: registers, deferred pages, and an image taken in mid-round."""

from collections.abc import Iterator

from refmodel.oracle.xen.harvests import Harvests
from refmodel.oracle.xen.memory_image import MemoryImage
from refmodel.oracle.xen.results import Result, checked, finding, unchecked
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.vcpu import CONTEXT_SIZE, differing_fields, travelling_context

__all__ = ["deferred_pages_come_last", "registers_travel", "unlogged_pages_stay", "written_after"]

_DEFERRED = "a-deferred-page-comes-in-the-last-pass"
_VCPU = "the-vcpu-travels-as-the-source-left-it"
_STAYS = "a-page-that-no-later-clean-names-stays-as-it-was"
_MOST = 1000


def deferred_pages_come_last(story: Story, image: MemoryImage | None) -> Iterator[Result]:
    """A page without data in a live pass is in the last one; there it has data if the source has the page."""
    assert story.passes is not None
    passes = story.passes
    for pfn in sorted(passes.deferred - passes.pfns)[:_MOST]:
        yield finding(_DEFERRED, "named without data in a live pass, and not named in the last", pfn)
    if image is not None:
        for pfn in sorted(passes.absent)[:_MOST]:
            if pfn in image.types:
                yield finding(_DEFERRED, "named without data in the last pass, and the source has the page", pfn)
    yield checked(_DEFERRED, len(passes.deferred | passes.absent))


def registers_travel(story: Story, source: MemoryImage | None, target: MemoryImage | None) -> Iterator[Result]:
    """The basic context of vCPU 0 is the source's, and the target's, with frames as pfns."""
    sent = story.vcpus.get(0)
    if source is None or sent is None or len(sent) != CONTEXT_SIZE:
        yield unchecked(_VCPU)
        return
    count = 0
    for side, image in (("source", source), ("target", target)):
        if image is None:
            continue
        count += 1
        if len(image.context) != CONTEXT_SIZE:
            yield finding(_VCPU, f"the {side}'s context has {len(image.context)} bytes, not {CONTEXT_SIZE}")
        elif fields := differing_fields(sent, travelling_context(image.context, image.m2p)):
            message = f"vCPU 0 travels with other {', '.join(fields)} than the {side} has: "
            yield finding(_VCPU, message + "lost on the way, or the memory of another run or moment")
    yield checked(_VCPU, count)


def written_after(harvests: Harvests | None, story: Story) -> set[int] | None:
    """The pages that may have changed after the machine was held still, by the CLEANs after it; None if unknown."""
    later = harvests.after_halt if harvests else None
    if later is None or story.passes is None:
        return None
    return {pfn for bitmap in later for pfn in bitmap} | story.passes.deferred


def unlogged_pages_stay(story: Story, image: MemoryImage | None, later: set[int] | None) -> Iterator[Result]:
    """A page that no CLEAN after the image names travelled last as the image has it."""
    if image is None or later is None:
        yield unchecked(_STAYS)
        return
    count = findings = 0
    for pfn, sent in story.digests.items():
        known = image.digest_of(pfn)
        if pfn in later or known is None:
            continue
        count += 1
        if known != sent and findings < _MOST:
            findings += 1
            what = "changed without being logged, or travelled wrong"
            yield finding(_STAYS, f"the image of the halted machine has another content, {what}", pfn)
    yield checked(_STAYS, count)
    unknown = len(story.digests) - count
    yield f"before.mem was taken in mid-round: {count} pages were compared with it, {unknown} may be written later"
