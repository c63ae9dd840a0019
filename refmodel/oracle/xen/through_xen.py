"""A recording of Xen through the machine ``xen`` (``machine``), in the order in which it happened.

Inside a round the order of what the log shows and what the stream shows is not recorded, and makes no difference to the
machine: the pages of a pass are sent first, then its PEEKs come, then the CLEAN that closes it. A domain that was
saved, not migrated, has no log and one pass: it is suspended before that.
"""

from collections.abc import Iterator

from refmodel.oracle.lockstep import MOST_PAGES
from refmodel.oracle.xen.call_log import Decision
from refmodel.oracle.xen.harvests import Harvests
from refmodel.oracle.xen.machine import XenMachine
from refmodel.oracle.xen.results import Result, checked, finding, unchecked
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.through_rules import POLICY, THROUGH_XEN

__all__ = ["through_xen"]

_RULES = tuple(row[0] for row in THROUGH_XEN)


def through_xen(story: Story, whole: bool) -> Iterator[Result]:
    """What the machine says; `whole`: the stream was read to its end, with every pass."""
    if story.p2m is None:
        return
    pages, harvests = story.p2m.last + 1, story.harvests
    if pages > MOST_PAGES:
        why = f"a guest of {pages} pages: the machine is made for {MOST_PAGES} at the most"
        yield from (unchecked(rule, why) for rule in _RULES)
        return
    if harvests is not None and any(clean.call.final for clean in harvests.cleans[:-1]):
        yield from (unchecked(rule, "a CLEAN comes after the FINAL one") for rule in _RULES)
        return
    machine = XenMachine(pages)
    passes = iter([list(entries) for entries in story.sent])
    if harvests is not None and harvests.bitmaps is not None and harvests.pages == pages:
        _migrated(machine, harvests, passes, whole)
    elif harvests is None and whole and len(story.sent) == 1 and not story.handshake:
        machine.save()
        machine.send_pass(next(passes))
        machine.commit()
    yield from (finding(said.rule, said.message, said.page) for said in machine.found)
    for rule in _RULES:
        if rule == POLICY and machine.other_policy is not None:
            asked = machine.other_policy
            yield unchecked(rule, f"a policy of the caller's own, which goes on where Xen's stops (line {asked.line})")
        elif machine.counts[rule]:
            yield checked(rule, machine.counts[rule])


def _migrated(machine: XenMachine, harvests: Harvests, passes: Iterator[list[int]], whole: bool) -> None:
    """A pass is sent where one is owed; of a stream that broke, the last one may not have come to its end."""
    asked: dict[int, list[Decision]] = {}
    for cleans, decision in harvests.decisions:
        asked.setdefault(cleans, []).append(decision)
    machine.start_rounds()
    waiting, cleans = next(passes, None), 0
    for turn in harvests.rounds:
        if machine.owes and turn.clean is not None:
            if waiting is not None:
                machine.send_pass(waiting)
            waiting = next(passes, None)
            if waiting is None and not whole:
                return
        for peek in turn.peeks:
            if peek.bitmap is not None:
                machine.peek(peek, peek.bitmap)
        if turn.clean is None or turn.clean.bitmap is None:
            continue
        decisions = asked.get(cleans, [])
        if turn.clean.call.final:
            machine.suspend(turn.clean, turn.clean.bitmap, decisions)
        else:
            machine.clean(turn.clean, turn.clean.bitmap, decisions)
        cleans += 1
    while waiting is not None:
        machine.send_pass(waiting)
        waiting = next(passes, None)
    if whole:
        machine.commit()
