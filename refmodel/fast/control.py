"""What is done to all pages at once goes to the stepwise judge; what it asks of pages is answered from the columns."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from attrs import define

from refmodel.fast.columns import Space
from refmodel.fast.moves import Run, settle
from refmodel.fast.state import Flag, PageState
from refmodel.oracle.events import Begin
from refmodel.oracle.judge import Judge
from refmodel.oracle.pages import Page, Pages, Tally
from refmodel.oracle.rules import RULES
from refmodel.oracle.verdict import LastRecord

__all__ = ["Dropped", "Found", "Screened"]

_CHUNK = 1 << 20
"""Pages that are looked at in one go."""
_MISSING = 1000
"""As many as the stepwise judge tells."""


@define
class Found:
    """A rule that is broken for a page, before anything is told of it."""

    number: int
    rule: str
    page: int


class Dropped(Pages):
    """The pages of the columns: which were dropped, which are missing."""

    def __init__(self, state: Callable[[], PageState], place: Callable[[int], tuple[str, int]]) -> None:
        super().__init__()
        self._state = state
        self._place = place
        self.listed: dict[bool, list[int]] = {False: [], True: []}
        """The pages that were found missing; with True, those that had been dropped."""

    def discard(self, block: str, first: int, pages: int) -> bool:
        """The target drops these pages."""
        if not super().discard(block, first, pages):
            return False
        state = self._state()
        start = self._first[block] + first
        from_, to = max(start, state.first), min(start + pages, state.end)
        if from_ < to:
            state.flags[from_ - state.first : to - state.first] |= Flag.DROPPED
        return True

    def missing(self, limit: int, discarded: bool) -> Iterator[Page]:
        """The first ``limit`` pages that were never sent, or not since they were dropped."""
        for number in islice(self._unsent(discarded), limit):
            self.listed[discarded].append(number)
            yield Page(*self._place(number), number)

    def _unsent(self, discarded: bool) -> Iterator[int]:
        state = self._state()
        for start in range(0, state.pages, _CHUNK):
            flags = state.flags[start : start + _CHUNK]
            there = (flags & Flag.DROPPED != 0) == discarded
            unsent = flags & Flag.SENT == 0
            if discarded:
                unsent |= flags & Flag.SETTLED == 0
            for at in np.flatnonzero(there & unsent & (flags & Flag.RELEASED == 0)):
                yield state.first + start + int(at)


class Screened(Judge):
    """The stepwise judge over columns: `found` has the pages to be judged again."""

    def __init__(self, where: str, run: Run, note: Callable[[str, Any, int], None], part: range | None) -> None:
        super().__init__(where)
        self.run = run
        self.space = Space(())
        self._note = note
        self._part = part
        self._kept: PageState | None = None
        self.pages: Dropped = Dropped(lambda: self.state, lambda number: self.space.place(number))

    @property
    def state(self) -> PageState:
        """Of the pages; there once the migration has begun."""
        assert self._kept is not None
        return self._kept

    def _begin(self, event: Begin) -> None:
        super()._begin(event)
        self.space = Space((block.name, block.pages) for block in event.blocks)
        part = range(self.space.total) if self._part is None else self._part
        self._kept = PageState(self.where, part.start, min(part.stop, self.space.total))
        self.run.all_stores = event.stores == "all"

    def find(self, rule: str, message: str, page: Page | None = None, **more: Any) -> None:
        """Note a page; what is of all pages is told at once."""
        if page is None:
            super().find(rule, message, None, **more)
            return
        self._note(rule, np.array([page.number - self.state.first]), self.number)

    def brief(self, rule: str) -> str:
        """What is said of a rule that is broken, where the events are gone."""
        return f"this does not hold: {RULES[rule].sentence}"

    def whose(self, rule: str, late: bool) -> dict[str, Any]:
        """Whose fault it may be, where the page's record decides that."""
        if rule not in ("the-last-store-arrives", "a-stored-page-is-sent-again"):
            return {}
        page = Page("", 0, 0, LastRecord(None, "", "", late))
        return {"contracts": self._possible(page)}

    def _settle_pages(self) -> None:
        state = self.state
        for start in range(0, state.pages, _CHUNK):
            flags = state.flags[start : start + _CHUNK]
            gone = Flag.RELEASED | Flag.DROPPED | Flag.SENT
            due = np.flatnonzero(flags & gone == Flag.SENT) + start
            for rule, lost in settle(state, due, self.run):
                if lost.any():
                    self._note(rule, due[lost], self.number)
        self.counts["every-page-is-sent"] += self.pages.total
        for page in self.pages.missing(limit=_MISSING, discarded=False):
            self.find("every-page-is-sent", "never sent", page)

    def tally(self) -> Tally:
        """Of which pages the last content was compared."""
        tally, state = Tally(), self.state
        for name, first, end in self.space.parts():
            first, end = max(first, state.first), min(end, state.end)
            for start in range(first, end, _CHUNK):
                self._tally(tally, name, start - state.first, min(end, start + _CHUNK) - state.first)
        return tally

    def _tally(self, tally: Tally, name: str, start: int, end: int) -> None:
        flags = self.state.flags[start:end]
        seen = flags & Flag.SEEN != 0
        free = flags & Flag.RELEASED != 0
        known = np.full(len(flags), True) if self.run.all_stores else flags & (Flag.KNOWN | Flag.SOURCE) != 0
        tally.released += int((seen & free).sum())
        for counts, which in ((tally.compared, known), (tally.unknown, ~known)):
            if count := int((seen & ~free & which).sum()):
                counts[name] += count
        changed = seen & ~free & ~known & (flags & (Flag.VARIED | Flag.STORED) != 0)
        if tally.changed is None and changed.any():
            tally.changed = self.space.place(self.state.first + start + int(np.argmax(changed)))
