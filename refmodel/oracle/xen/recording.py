"""A recording of Xen: a folder with a stream, and whatever was recorded beside it.

Read are, each plain or ``.xz``, ``.zst``, ``.gz``: ``stream.bin``; ``src.mem`` and ``dst.mem`` (both sides at the
hand-over); ``logdirty.log``, ``bitmaps.bin``, ``peek.bin``, and ``times.txt``; ``trace.bin`` and ``xenperf.txt``;
``tables.bin``, ``regs.txt`` and ``before.mem`` (the machine held still in mid-round). Nothing else in it is read, nor
its name.
"""

from pathlib import Path

from refmodel.oracle.events import Abort, Activate, Commit, Logging, Memory
from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, UnusableInput
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen import image_rules, log_rules, table_rules, wire
from refmodel.oracle.xen.arrival import passes_follow_their_cleans
from refmodel.oracle.xen.companions import Companions, read_companions
from refmodel.oracle.xen.harvests import Harvests
from refmodel.oracle.xen.memory_image import MemoryImage
from refmodel.oracle.xen.outcome import Outcome
from refmodel.oracle.xen.results import BLOCK
from refmodel.oracle.xen.shadow_rules import shadow_rules
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.target import explained_differences, specials_of
from refmodel.oracle.xen.through_xen import through_xen
from refmodel.oracle.xen.wrapper import looks_like_xen, read_stream
from refmodel.unusable import Unusable

__all__ = ["judge_xen", "looks_like_xen"]


def judge_xen(folder: Path, judge: Judge | None = None) -> Verdict:
    """The verdict on a folder, or on a stream alone; unusable input is a verdict too. `judge` takes the events.

    So are files that do not belong together, unless something else was found. Accepted only if every page's last
    content was compared with the source's.
    """
    try:
        return _judge(folder, judge)
    except Unusable as error:
        return Verdict("unusable", reason=str(error))


def _judge(folder: Path, judge: Judge | None) -> Verdict:
    path = folder if folder.is_file() else beside(folder, "stream.bin", "stream")
    if path is None:
        raise Unusable(str(folder), "no stream in this folder", "stream.bin (.xz, .zst, .gz)")
    outcome = Outcome()
    companions = read_companions(folder, outcome.misfits)
    story = Story(judge or Judge(str(path)), companions.harvests)
    try:
        with open_input(str(path)) as source:
            for record in read_stream(source):
                story.take(record)
            _need_the_handshake(story, source.offset)
    except BrokenStream as error:
        story.broken()
        if not (isinstance(error, EarlyEnd) and _is_given_up(story.judge, companions.harvests)):
            story.judge.find("the-stream-is-whole", str(error))
        outcome.take(log_rules.harvests_find_the_log_on(companions.harvests))
        outcome.take(story.stream_results())
        outcome.take(through_xen(story, whole=False))
        return outcome.verdict(story.judge)
    story.judge.counts["the-stream-is-whole"] += 1
    outcome.take(story.stream_results())
    outcome.take(passes_follow_their_cleans(companions.arrivals, companions.harvests, story.passes, source.offset))
    reason = _judge_whole(story, companions, outcome)
    outcome.take(through_xen(story, whole=True))
    return outcome.verdict(story.judge, reason)


def _is_given_up(judge: Judge, harvests: Harvests | None) -> bool:
    """Log-dirty mode was switched off before a FINAL CLEAN. Where it was left on, the judge says so."""
    if harvests is None or harvests.enabled is None or harvests.ends:
        return False
    for call in harvests.controls:
        judge.take(Logging(call.enables))
    judge.take(Abort())
    return not harvests.controls[-1].enables


def _need_the_handshake(story: Story, offset: int) -> None:
    """A migration ends with the leave to unpause; a domain that was saved has one pass, no log, and no such leave."""
    live = story.harvests is not None or (story.passes is not None and len(story.passes.sizes) > 1)
    if live and not story.handshake:
        raise EarlyEnd(offset, "handshake", repr(wire.HANDSHAKE), "the end of the stream")


def _judge_whole(story: Story, companions: Companions, outcome: Outcome) -> str | None:
    """Judge a whole stream with all that lies beside it; the reason why it cannot be accepted, where that is known."""
    assert story.p2m is not None
    last, harvests = story.p2m.last, companions.harvests
    if harvests is not None and harvests.pages != last + 1:
        what = f"a log of {harvests.pages} pages, of another guest or without a harvest"
        raise UnusableInput(harvests.name, 0, what, f"the stream's {last + 1} pages")
    if harvests is not None and not harvests.ends:
        what = "the log ends before the FINAL CLEAN, though the stream is whole"
        raise UnusableInput(harvests.name, 0, what, "the calls of the whole migration")
    special = specials_of(story)
    source = companions.of_the_source("src.mem", special.pfns, last)
    target = companions.image("dst.mem", special.pfns, last)
    halted = companions.of_the_source("before.mem", frozenset(), last)

    outcome.take(table_rules.entries_name_pages(story))
    outcome.take(table_rules.a_vcpus_root_is_an_l4(story))
    outcome.take(table_rules.entries_name_the_sources_frames(story, source))
    outcome.take(image_rules.deferred_pages_come_last(story, source))
    outcome.take(image_rules.registers_travel(story, source, target))
    outcome.take(log_rules.harvests_find_the_log_on(harvests))
    outcome.take(log_rules.counts_are_those_of_the_bitmap(harvests))
    outcome.take(log_rules.peeks_grow(harvests))
    outcome.take(log_rules.fault_counts_agree(harvests, companions.trace, companions.counter))
    m2p = source.m2p if source else None
    outcome.take(log_rules.dirty_pages_are_explained(harvests, companions.trace, m2p, story.ever_tables))
    later = image_rules.written_after(harvests, story)
    outcome.take(image_rules.unlogged_pages_stay(story, halted, later))
    if halted is not None and companions.tables is not None and companions.cpus is not None:
        cleans = harvests.after_halt if harvests else None
        outcome.take(shadow_rules(halted, companions.tables, companions.cpus, cleans[0] if cleans else None))

    explained: set[int] = set()
    if target is not None:
        outcome.take(explained_differences(story, special, source, target, explained))
    _hand_over(story, source, target, explained)
    if source is not None:
        return None
    if halted is not None and later is not None:
        return (
            "the source's memory at its suspension is not known: before.mem was taken in mid-round, and "
            f"{len(later)} pages may have been written after it"
        )
    return "no content was compared with the source: its memory at its suspension (src.mem) is not there"


def _hand_over(story: Story, source: MemoryImage | None, target: MemoryImage | None, explained: set[int]) -> None:
    """Tell the judge what both sides hold, and that the guest runs at the target."""
    judge = story.judge
    if source is not None:
        for pfn in sorted(source.types.keys() | story.digests.keys()):
            if (digest := source.digest_of(pfn)) is not None:
                judge.take(Memory("source", BLOCK, pfn, digest))
    judge.take(Commit())
    if target is not None:
        for pfn in sorted(target.types.keys() | story.digests.keys()):
            digest = story.digests.get(pfn) if pfn in explained else target.digest_of(pfn)
            if digest is not None:
                judge.take(Memory("target", BLOCK, pfn, digest))
    judge.take(Activate())
