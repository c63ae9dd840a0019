"""The second reading: the stepwise judge on the pages of which the screen found something."""

from collections.abc import Callable, Iterator

import numpy as np

from refmodel.fast.columns import Bools, Control, Feed, Ints
from refmodel.fast.control import Dropped, Screened
from refmodel.fast.images import Wanted
from refmodel.fast.screen import Screen
from refmodel.fast.state import Flag
from refmodel.oracle.judge import Judge
from refmodel.oracle.pages import Page, Pages
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.verdict import Finding
from refmodel.unusable import Unusable

__all__ = ["judged_again", "told_briefly", "wanted_by"]


class _Listed(Pages):
    """The pages that were found missing are those that the screen found missing; no others are here."""

    def __init__(self, screened: Screened) -> None:
        super().__init__()
        pages = screened.pages
        assert isinstance(pages, Dropped)
        self._listed = pages.listed
        self._place = screened.space.place

    def missing(self, limit: int, discarded: bool) -> Iterator[Page]:
        """The first ``limit`` of them."""
        for number in self._listed[discarded][:limit]:
            page = self.find(*self._place(number))
            assert page is not None
            yield page


def wanted_by(screen: Screen) -> tuple[Wanted, Callable[[Ints], Bools]]:
    """Which pages are to be judged again: by block and pfn, and by number."""
    state, space = screen.judge.state, screen.judge.space
    pages = np.array([found.page for found in screen.found], np.int64)
    state.flags[pages - state.first] |= Flag.WANTED

    def by_number(number: Ints) -> Bools:
        flags = state.flags[number - state.first]
        return np.asarray(flags & Flag.WANTED != 0, np.bool_)

    def by_place(block: str, pfn: Ints) -> Bools:
        return by_number(pfn + space.first[block])

    return by_place, by_number


def judged_again(screen: Screen, feed: Callable[[Wanted], Feed]) -> list[Finding]:
    """What the stepwise judge finds of the pages that the screen found something of."""
    by_place, by_number = wanted_by(screen)
    screened = screen.judge
    judge = Judge(screened.where)
    judge.pages = _Listed(screened)
    try:
        for item in feed(by_place):
            if isinstance(item, Control):
                judge.number = item.number - 1
                judge.take(item.event)
                continue
            for row in np.flatnonzero(by_number(item.page)):
                judge.number = int(item.numbers[row]) - 1
                judge.take(item.event(int(row)))
    except BrokenStream as error:
        judge.number = screened.number
        judge.find("the-stream-is-whole", str(error))
    if not any(finding.pfn is not None for finding in judge.findings):
        what = "nothing is found of it in a second reading, and something was in the first"
        raise Unusable(screened.where, what, "a recording that stays as it is")
    return judge.findings


def told_briefly(screen: Screen) -> list[Finding]:
    """What was found, where nothing can be read again: rules and pages, without stories."""
    judge, last = screen.judge, screen.judge.number
    for found in screen.found:
        judge.number = found.number
        block, pfn = judge.space.place(found.page)
        late = bool(judge.state.flags[found.page - judge.state.first] & Flag.LATE)
        Judge.find(
            judge, found.rule, judge.brief(found.rule), None, block=block, pfn=pfn, **judge.whose(found.rule, late)
        )
    judge.number = last
    return sorted(judge.findings, key=lambda finding: finding.event)
