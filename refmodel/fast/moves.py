"""The promise's steps on columns: what the stepwise judge does for one event, for many at a time.

No page comes twice among the rows of a move. Each returns the rows of which a rule is broken, with the rule; counts go
to ``Run``. What stands here is derived from ``refmodel.oracle.judge`` and ``refmodel.promise``, and held against them:
``fuzz/targets/fast.py``, ``tests/fast``.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from refmodel.fast.columns import Bools, Words
from refmodel.fast.state import Flag, PageState

__all__ = ["Broken", "Run", "memories", "releases", "sends", "settle", "stores"]

Places: TypeAlias = NDArray[np.intp]
Broken: TypeAlias = Iterator[tuple[str, Bools]]

LAST, AGAIN = "the-last-store-arrives", "a-stored-page-is-sent-again"
SENT, HOLDS = "nothing-is-sent-to-a-running-target", "the-target-holds-what-was-sent"
HAS, WHERE = "the-source-has-what-was-stored", "stores-only-where-the-guest-runs"


@define
class Run:
    """Who runs, as the stepwise judge's ledger has it, and what was counted."""

    source_runs: bool = True
    target_runs: bool = False
    paused: bool = False
    activated: bool = False
    all_stores: bool = False
    counts: Counter[str] = field(factory=Counter)

    def count(self, rule: str, times: int) -> None:
        """The rule was checked so often."""
        if times:
            self.counts[rule] += times


def _put(flags: NDArray[np.uint16], bit: np.uint16, where: Bools) -> None:
    """Set the bit, or clear it, as ``where`` says."""
    np.bitwise_and(flags, ~bit, out=flags)
    np.bitwise_or(flags, where * bit, out=flags)


def sends(s: PageState, at: Places, digest: Words, run: Run) -> Broken:
    """Records of pages."""
    run.count(SENT, len(at))
    flags, held = s.flags[at], s.held[at]
    varied = (flags & Flag.SENT != 0) & (held != digest)
    flags |= Flag.SEEN | Flag.SENT
    if varied.any():
        flags |= varied * Flag.VARIED
    if run.paused:
        flags |= Flag.LATE
    else:
        flags &= ~Flag.LATE
    read = flags & (Flag.KNOWN | Flag.SOURCE) == 0
    if read.all():
        s.content[at] = digest
        flags &= ~Flag.NOTHING
    else:
        s.content[at] = np.where(read, digest, s.content[at])
        flags &= ~(read * Flag.NOTHING)
    owed = flags & Flag.PAID == 0
    s.flags[at] = flags
    if owed.all():
        s.held[at] = digest
    else:
        s.held[at] = np.where(owed, digest, held)
        yield SENT, ~owed
    if run.target_runs:
        for rule, lost in settle(s, at[owed], run):
            rows = np.zeros(len(at), np.bool_)
            rows[owed] = lost
            yield rule, rows


def settle(s: PageState, at: Places, run: Run) -> Broken:
    """The pages, all of them owed until now, are owed no longer."""
    flags = s.flags[at]
    last = flags & (Flag.SOURCE | Flag.KNOWN) != 0
    arrived = (s.content[at] == s.held[at]) & (flags & Flag.NOTHING == 0)
    flags |= Flag.SETTLED
    flags |= arrived * Flag.PAID
    s.flags[at] = flags
    known = int(last.sum())
    run.count(LAST, known)
    yield LAST, last & ~arrived
    if run.all_stores:
        run.count(AGAIN, len(at) - known)
        yield AGAIN, ~last & ~arrived


def stores(s: PageState, at: Places, digest: Words, known: Bools, target: Bools, run: Run) -> Broken:
    """Stores on a side that runs."""
    flags = s.flags[at]
    flags |= Flag.SEEN | Flag.STORED
    _put(flags, Flag.KNOWN, known)
    renewed = (flags & Flag.RELEASED != 0) & target & (flags & Flag.SETTLED == 0)
    flags &= ~Flag.RELEASED
    refused = ~renewed & (flags & Flag.PAID == 0) if run.target_runs else np.zeros(len(at), np.bool_)
    done = ~refused
    content = np.where(done, digest, s.content[at])
    s.content[at] = content
    _put(flags, Flag.NOTHING, np.where(done, ~known, flags & Flag.NOTHING != 0))
    if run.target_runs:
        s.held[at] = np.where(done, digest, s.held[at])
        if renewed.any():
            flags |= renewed * (Flag.SETTLED | Flag.PAID)
            by_content = renewed & (flags & (Flag.SOURCE | Flag.KNOWN) != 0)
            run.count(LAST, int(by_content.sum()))
            if run.all_stores:
                run.count(AGAIN, int((renewed & ~by_content).sum()))
    else:
        flags &= ~Flag.PAID
    s.flags[at] = flags
    yield WHERE, refused


def releases(s: PageState, at: Places) -> None:
    """The guest gives pages up."""
    s.flags[at] |= Flag.SEEN | Flag.RELEASED


def memories(s: PageState, at: Places, digest: Words, target: Bools, run: Run) -> Broken:
    """What a side holds of pages; of one that was given up nobody compares it."""
    flags = s.flags[at]
    flags |= Flag.SEEN
    free = flags & Flag.RELEASED != 0
    there, here = target & ~free, ~target & ~free
    if there.any():
        run.count(HOLDS, int(there.sum()))
        yield HOLDS, there & (flags & Flag.SENT != 0) & (s.held[at] != digest)
    if here.any():
        known = here & (flags & Flag.KNOWN != 0)
        run.count(HAS, int(known.sum()))
        before = s.content[at]
        yield HAS, known & (before != digest)
        flags |= here * Flag.SOURCE
        flags &= ~(here * Flag.NOTHING)
        s.content[at] = np.where(here, digest, before)
    s.flags[at] = flags
