"""Rules about the log itself: its counts, its PEEKs, its faults, and why a page is in it. R5, R6, I-CONS, I-COUNT."""

from collections.abc import Iterator, Mapping

from refmodel.oracle.xen.call_log import Control
from refmodel.oracle.xen.harvests import Harvested, Harvests
from refmodel.oracle.xen.page_tables import PRESENT, WRITABLE, frame_of
from refmodel.oracle.xen.results import Result, checked, finding, unchecked
from refmodel.oracle.xen.trace import Fixup, Trace

__all__ = [
    "counts_are_those_of_the_bitmap",
    "dirty_pages_are_explained",
    "fault_counts_agree",
    "harvests_find_the_log_on",
    "peeks_grow",
]

_COUNTS = "xen-counts-the-bits-of-its-bitmap"
_GROWS = "a-peek-only-grows-inside-a-round"
_WITHIN = "a-peek-stays-within-the-closing-clean"
_FAULTS = "fault-counts-agree"
_ON = "a-harvest-finds-the-log-on"
_EXPLAINED = "a-dirty-page-has-a-write-fault-or-a-table-update"
_MOST = 100


def harvests_find_the_log_on(harvests: Harvests | None) -> Iterator[Result]:
    """I-LOG: log-dirty mode is on from before the first harvest of a migration until after the last."""
    if harvests is None:
        yield unchecked(_ON)
        return
    on: set[int] = set()
    for call in harvests.switched:
        if not isinstance(call, Control):
            known = harvests.domid if call.domid is None else call.domid
            if known not in on:
                what = f"a {'PEEK' if call.peek else 'CLEAN'} of domain {known}, whose stores are not logged"
                yield finding(_ON, f"line {call.line} of the log: {what}")
        elif not call.enables:
            on.discard(call.domid)
        else:
            if call.domid in on:
                what = f"ENABLE for domain {call.domid}, whose stores a migration before has left logged"
                yield finding(_ON, f"line {call.line} of the log: {what}")
            on.add(call.domid)
    yield checked(_ON, len(harvests.switched))


def counts_are_those_of_the_bitmap(harvests: Harvests | None) -> Iterator[Result]:
    """I-COUNT: the dirty count that Xen returns with a harvest is the number of bits set in its bitmap."""
    if harvests is None:
        yield unchecked(_COUNTS)
        return
    calls = [one for turn in harvests.rounds for one in (*turn.peeks, turn.clean) if one is not None]
    calls = [one for one in calls if one.bitmap is not None]
    for one in calls:
        if one.bitmap is not None and one.call.dirty != len(one.bitmap):
            message = f"line {one.call.line} of the log: Xen counts {one.call.dirty} dirty pages, "
            yield finding(_COUNTS, f"{message}its bitmap has {len(one.bitmap)}")
        elif one.bitmap is not None and one.call.marked != len(one.bitmap):
            message = f"line {one.call.line} of the log: {one.call.marked} bits were counted in a bitmap that has "
            yield finding(_COUNTS, f"{message}{len(one.bitmap)}: changed since, or a bitmap of another run")
    yield checked(_COUNTS, len(calls)) if calls else unchecked(_COUNTS)


def peeks_grow(harvests: Harvests | None) -> Iterator[Result]:
    """Inside a round no bit and no fault is taken back; the CLEAN that closes it has every bit that a PEEK showed."""
    peeks = [one for turn in harvests.rounds for one in turn.peeks if one.bitmap is not None] if harvests else []
    if harvests is None or not peeks:
        yield from (unchecked(rule) for rule in (_GROWS, _WITHIN))
        return
    grown = within = 0
    for number, turn in enumerate(harvests.rounds):
        for before, after in zip(turn.peeks, turn.peeks[1:], strict=False):
            grown += 1
            yield from _grows(before, after)
        if turn.clean is not None:
            for peek in turn.peeks:
                within += 1
                yield from _within(peek, turn.clean)
            continue
        for peek in turn.peeks:
            within += 1
            if peek.bitmap is not None and len(peek.bitmap):
                message = f"line {peek.call.line}: {len(peek.bitmap)} pages dirty after CLEAN {number - 1}, the last"
                yield finding(_WITHIN, message, next(iter(peek.bitmap)))
    yield checked(_GROWS, grown)
    yield checked(_WITHIN, within)


def _grows(before: Harvested, after: Harvested) -> Iterator[Result]:
    if after.call.faults < before.call.faults:
        message = f"line {after.call.line}: {after.call.faults} faults, after {before.call.faults} in the same round"
        yield finding(_GROWS, message)
    if before.bitmap is not None and after.bitmap is not None:
        for pfn in [*before.bitmap.without(after.bitmap)][:_MOST]:
            yield finding(_GROWS, f"line {after.call.line}: a page is no longer dirty in the same round", pfn)


def _within(peek: Harvested, clean: Harvested) -> Iterator[Result]:
    if peek.bitmap is not None and clean.bitmap is not None:
        for pfn in [*peek.bitmap.without(clean.bitmap)][:_MOST]:
            message = f"dirty in the PEEK of line {peek.call.line}, not in the CLEAN of line {clean.call.line}"
            yield finding(_WITHIN, message, pfn)
    if peek.call.faults > clean.call.faults:
        message = f"line {clean.call.line}: {clean.call.faults} faults, after {peek.call.faults} in the same round"
        yield finding(_WITHIN, message)


def fault_counts_agree(harvests: Harvests | None, trace: Trace | None, counter: int | None) -> Iterator[Result]:
    """Xen's fault counts of all rounds, the SHADOW_FIXUP records, and the counter of fixed faults, are one number."""
    if harvests is None or not harvests.ends or (trace is None and counter is None):
        yield unchecked(_FAULTS)
        return
    counted = sum(clean.call.faults for clean in harvests.cleans)
    count = 0
    if trace is not None and trace.lost:
        yield unchecked(_FAULTS, f"xentrace lost {trace.lost} records")
    elif trace is not None:
        count += 1
        if len(trace.fixups) != counted:
            message = f"Xen counts {counted} faults, the trace has {len(trace.fixups)} SHADOW_FIXUP records: "
            yield finding(_FAULTS, f"{message}faults that nobody counted, or a trace of another run")
    if counter is not None:
        count += 1
        if counter != counted:
            message = f"Xen counts {counted} faults over the rounds, its perf counter {counter}: "
            yield finding(_FAULTS, f"{message}faults that nobody counted, or counters of another run")
    yield checked(_FAULTS, count)


def dirty_pages_are_explained(
    harvests: Harvests | None, trace: Trace | None, m2p: Mapping[int, int] | None, tables: set[int]
) -> Iterator[Result]:
    """Each page of a CLEAN had, in its round, a fault whose guest entry lets it write, or was a table being updated.

    The rounds' faults are told apart by Xen's own counts: the trace and the log have different clocks.
    """
    bitmaps = harvests.bitmaps if harvests else None
    if harvests is None or bitmaps is None or trace is None or m2p is None or not harvests.ends:
        yield unchecked(_EXPLAINED)
        return
    counts = [clean.call.faults for clean in harvests.cleans]
    if trace.lost or sum(counts) != len(trace.fixups):
        why = f"the trace has {len(trace.fixups)} faults and lost {trace.lost} records, Xen counts {sum(counts)}"
        yield unchecked(_EXPLAINED, why)
        return
    first = explained = 0
    for number, bitmap in enumerate(bitmaps):
        last = first + counts[number]
        written = {m2p.get(frame_of(fixup.entry)) for fixup in trace.fixups[first:last] if _may_write(fixup)}
        updated = any(first <= at <= last for at in trace.updates)
        for pfn in bitmap:
            explained += 1
            if pfn in written or (updated and pfn in tables):
                continue
            why = "it is no page table" if pfn not in tables else "no page table was updated in that round"
            message = f"dirty in CLEAN {number} without a fault that could write it, and {why}"
            yield finding(_EXPLAINED, message, pfn)
        first = last
    yield checked(_EXPLAINED, explained)


def _may_write(fixup: Fixup) -> bool:
    return bool(fixup.entry & PRESENT and fixup.entry & WRITABLE)
