"""The stories of pages with findings, out of a trace and a store log; and what they leave possible.

A second pass over the companions, for these pages alone, once everything was judged: the stories are for people, and
cost nothing where nothing was found.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from attrs import evolve

from refmodel.oracle.catalogue import classes_of
from refmodel.oracle.judge import Judge
from refmodel.oracle.qemu.matching import ZEROS
from refmodel.oracle.qemu.moments import Place, read_moments
from refmodel.oracle.qemu.page_story import PageStory
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_records import Record
from refmodel.oracle.readers.qemu_stores import read_stores
from refmodel.oracle.verdict import Finding

__all__ = ["MOST_STORIES", "Stories", "first_places", "read_stories"]

MOST_STORIES = 60
"""Pages of which the story is told."""

_LATE = "the-last-record-is-not-older-than-the-last-store"
_STALE = ("the-last-store-arrives", _LATE)
_MAIN = "pc.ram"

Opens = Callable[[], AbstractContextManager[ByteSource]]


def first_places(findings: Iterable[Finding], asked: Place | None) -> list[Place]:
    """The first pages with a finding, after the page that was asked for."""
    places = {} if asked is None else {asked: None}
    for finding in findings:
        if len(places) >= MOST_STORIES:
            break
        if finding.block is not None and finding.pfn is not None:
            places[finding.block, finding.pfn] = None
    return list(places)


def read_stories(
    places: Sequence[Place], trace: Opens, stores: Opens | None, records: Iterable[Record], judge: Judge
) -> "Stories":
    """The stories of these pages: `trace` and `stores` open the companions, `records` are the stream's."""
    moments = read_moments(places, trace, records)
    main = _MAIN if _MAIN in judge.pages.blocks else next(iter(judge.pages.blocks))
    told = {place: PageStory(moments, moments.own[place], stores is not None and place[0] == main) for place in places}
    if stores is not None and any(story.logged for story in told.values()):
        with stores() as source:
            for row in read_stores(source):
                if story := told.get((main, row.pfn)):
                    story.stored(row)
    return Stories(told, judge)


class Stories:
    """What is told of each page."""

    def __init__(self, told: dict[Place, PageStory], judge: Judge) -> None:
        self._told = told
        self._judge = judge

    def of(self, place: Place) -> tuple[str, ...]:
        """The story of the page; none where there is none."""
        page = self._judge.pages.find(*place)
        told = self._told.get(place)
        return told.lines(page.source, page.target) if told and page else ()

    def completed(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings with their pages' stories, the contracts that these leave, and the classes they speak for."""
        late = {(finding.block, finding.pfn) for finding in findings if finding.rule == _LATE}
        return tuple(self._complete(finding, (finding.block, finding.pfn) in late) for finding in findings)

    def _common_signs(self) -> set[str]:
        """The signs of most pages, for what is found of no page alone."""
        signs = Counter(sign for story in self._told.values() for sign in story.signs)
        return {sign for sign, times in signs.items() if times * 2 > len(self._told)}

    def _complete(self, finding: Finding, late: bool) -> Finding:
        if finding.block is None or finding.pfn is None:
            classes = finding.classes or classes_of(finding.rule, finding.contracts, self._common_signs())
            return evolve(finding, classes=classes)
        page = self._judge.pages.find(finding.block, finding.pfn)
        if page is None:
            return finding
        known = evolve(
            finding,
            last_record=finding.last_record or page.last_record,
            source=page.source,
            target=page.target,
        )
        kind = known.last_record.kind if known.last_record else None
        story = self._told.get((finding.block, finding.pfn))
        if story is None:
            return evolve(known, classes=finding.classes or classes_of(finding.rule, finding.contracts, (), kind))
        contracts = narrowed(known, story, late)
        classes = classes_of(finding.rule, contracts, story.signs, kind)
        if page.source not in (None, ZEROS) and kind != "zero":
            classes = tuple(name for name in classes if name != "M19")
        lines = story.lines(page.source, page.target)
        return evolve(known, contracts=contracts, classes=classes, story=lines)


def narrowed(finding: Finding, story: PageStory, late: bool) -> tuple[str, ...]:
    """The contracts that are needed to explain a stale page, given its story; `late`: with a store that changed it.

    Nothing is excluded for ever: a second fault may hide behind the first. What goes is what nothing speaks for.
    """
    if finding.rule not in _STALE or not story.logged:
        return finding.contracts
    left = set(finding.contracts)
    if story.wire_differs:
        if not story.late.count:
            left &= {"transport"}  # what was sent last holds every store of the log
    elif late and story.late.count and finding.target in (None, finding.last_record and finding.last_record.digest):
        left.discard("transport")  # what was sent, and held, is what it was before a store that came later
        if story.later_syncs and story.harvested_at_rest:
            left.discard("hand-over")  # the last harvest came when nothing could be stored any more
    return tuple(contract for contract in finding.contracts if contract in left) or finding.contracts
