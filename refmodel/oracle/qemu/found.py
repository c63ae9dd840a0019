"""Which pages a sync found: hidden, but for their number. They are taken to be those that are sent soonest.

Each time that a page is taken up again, one of the syncs since the last time has found and counted it; a sync that
finds a page that is owed already does not count it. So each sync has to be given as many of these times as it counted,
each one of a sync in its span: what ends first is given first, which finds a way wherever there is one. A page that was
taken up for nothing, as it may have been where its record changes nothing, needs no sync.
"""

from collections.abc import Sequence
from enum import IntEnum
from heapq import heappop, heappush
from itertools import islice, product

from attrs import define, evolve, field, frozen

__all__ = ["Doubt", "Found", "Span", "Take", "choose", "given", "spans_of"]

_MOST_WAYS = 64


class Doubt(IntEnum):
    """How sure it is that a page was taken up."""

    TRACED = 0
    CHANGED = 1
    """A record that nothing is traced of changes the page."""
    UNCHANGED = 2
    """A record changes nothing: it may be a copy too many, for which nobody need have taken the page up."""


Take = tuple[int, int, Doubt]
"""A page that was taken up, and how many syncs came before."""


@frozen(order=True)
class Span:
    """A page was taken up between sync `end` - 1 and sync `end`, and before that not since sync `start` - 1.

    Syncs `start` to `end` - 1 may have found it. Of several whose spans end together, the least doubtful goes first.
    """

    end: int
    doubt: Doubt
    start: int
    page: int

    @property
    def for_nothing(self) -> bool:
        """Whether it need not have been found."""
        return self.doubt is Doubt.UNCHANGED


@define
class Found:
    """What each sync found; `short`: how many more pages each counted; `late`: what no sync can have counted."""

    pages: list[list[int]]
    short: list[int]
    late: list[Span] = field(factory=list)
    doubts: int = 0
    """How many were found of which it is not sure that they were taken up."""
    for_nothing: set[int] = field(factory=set)
    """The indices of what was taken up for nothing."""

    def count(self, number: int) -> int:
        """How many pages the sync counted."""
        return len(self.pages[number]) + self.short[number]


def spans_of(taken: Sequence[Take]) -> tuple[list[Span], set[int]]:
    """The spans between two times that a page was taken up.

    With them the indices of what was taken up for nothing, as no sync parts it from another time. The first time is
    sure: every page is owed then.
    """
    last: dict[int, tuple[int, int, bool]] = {}
    spans: dict[int, Span] = {}
    for_nothing = set()
    for index, (page, syncs, doubt) in enumerate(taken):
        is_sure = doubt is not Doubt.UNCHANGED
        earlier, since, was_sure = last.get(page, (-1, -1, True))
        if since == syncs and not is_sure:
            for_nothing.add(index)
            continue
        if since == syncs and not was_sure:
            for_nothing.add(earlier)
            spans[index] = evolve(spans.pop(earlier), doubt=doubt)
        elif earlier >= 0:
            spans[index] = Span(syncs, doubt, since, page)
        last[page] = (index, syncs, is_sure or earlier < 0)
    return list(spans.values()), for_nothing


def given(spans: Sequence[Span], counts: Sequence[int]) -> Found:
    """Give each sync as many pages as it counted."""
    found = Found([[] for _ in counts], [0] * len(counts))
    waiting = sorted(spans, key=lambda span: span.start, reverse=True)
    ready: list[Span] = []
    for number, count in enumerate(counts):
        while waiting and waiting[-1].start <= number:
            span = waiting.pop()
            if span.end > number:
                heappush(ready, span)
            else:
                found.late.append(span)  # twice between two syncs
        while ready and len(found.pages[number]) < count:
            span = heappop(ready)
            found.pages[number].append(span.page)
            found.doubts += span.for_nothing
        found.short[number] = count - len(found.pages[number])
        while ready and ready[0].end == number + 1:
            span = heappop(ready)
            if not span.for_nothing:
                found.late.append(span)
    found.late += [span for span in waiting if not span.for_nothing]
    return found


def choose(taken: Sequence[Take], counts: Sequence[set[int]], *, finished: bool) -> Found | None:
    """What each sync found; with `finished`, all that was found was sent. One of the counts of each may be its own.

    Where nothing explains what was taken up, the choice that comes first. None where that hangs on what may have been
    taken up for nothing, or on too many counts.
    """
    spans, for_nothing = spans_of(taken)
    ways = [list(way) for way in islice(product(*map(sorted, counts)), _MOST_WAYS + 1)]
    tried = [evolve(given(spans, way), for_nothing=for_nothing) for way in ways[:_MOST_WAYS]]
    for found in tried:
        if not found.late and not (finished and any(found.short)):
            return found
    if len(ways) > 1:
        return None
    first = {page: index for index, (page, _, _) in reversed([*enumerate(taken)])}
    sure = [t for index, t in enumerate(taken) if t[2] is not Doubt.UNCHANGED or first[t[0]] == index]
    is_certain = not tried[0].doubts or (finished and any(tried[0].short)) or given(spans_of(sure)[0], ways[0]).late
    return tried[0] if is_certain else None
