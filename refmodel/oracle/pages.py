"""What the judge keeps of each page that it has seen: a few fields, however many records there were."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from attrs import define, field

from refmodel.oracle.verdict import LastRecord

__all__ = ["LEFT_OUT", "Page", "Pages", "Tally", "shortened"]

_LONGEST = 24
_MOST_SENDS = 4
LEFT_OUT = "..."
"""Stands in a story for lines that were left out."""


def shortened(story: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    """The story, or of one that grew by a line too many the first and the last few."""
    return story if len(story) <= _LONGEST else (*story[:4], (story[4][0], LEFT_OUT), *story[6:])


@define
class Page:
    """One page: its place, its last record and store, and what the source had of it."""

    block: str
    pfn: int
    number: int
    """The page's number over all blocks."""
    last_record: LastRecord | None = None
    sent: int | None = None
    stored: int | None = None
    store_content_known: bool = False
    is_settled: bool = False
    is_released: bool = False
    """The guest has given it up, and has not stored to it since: it may stay owed."""
    varied: bool = False
    """Two records of the page carried different contents."""
    source: str | None = None
    target: str | None = None
    live: tuple[str, ...] = ()
    """What was sent of it live, in order; of many only the last few. Likewise ``paused``."""
    paused: tuple[str, ...] = ()
    story: tuple[tuple[int, str], ...] = ()
    """A line for each event that touched it, with the event's number; of many the first and the last few."""

    def tell(self, number: int, what: str) -> None:
        """Go on with the story."""
        self.story = shortened((*self.story, (number, what)))

    def sends(self, digest: str, is_paused: bool) -> None:
        """One more content that was sent."""
        if is_paused:
            self.paused = (*self.paused, digest)[-_MOST_SENDS:]
        else:
            self.live = (*self.live, digest)[-_MOST_SENDS:]


@define
class Tally:
    """Of how many pages the last content was compared, for the verdict."""

    unknown: Counter[str] = field(factory=Counter)
    """By block: pages of which nothing shows what the source had."""
    compared: Counter[str] = field(factory=Counter)
    changed: tuple[str, int] | None = None
    """The first page of unknown content that changed on the way: its block and pfn."""
    released: int = 0

    def take(self, block: str, pfn: int, *, is_released: bool, is_known: bool, has_changed: bool) -> None:
        """Count a page that was seen."""
        if is_released:
            self.released += 1
            return
        (self.compared if is_known else self.unknown)[block] += 1
        if not is_known and has_changed:
            self.changed = self.changed or (block, pfn)


class Pages:
    """The pages of all blocks; only those seen take memory."""

    def __init__(self) -> None:
        self.blocks: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self._seen: dict[int, Page] = {}
        self._discarded: dict[str, list[tuple[int, ...]]] = {}
        """By block: first page and end of each range, in order, apart from one another."""
        self.total = 0

    def add_block(self, name: str, pages: int) -> None:
        """A block of so many pages."""
        self.blocks[name] = pages
        self._first[name] = self.total
        self.total += pages

    def find(self, block: str, pfn: int) -> Page | None:
        """The page, or None where there is none."""
        if not 0 <= pfn < self.blocks.get(block, 0):
            return None
        number = self._first[block] + pfn
        page = self._seen.get(number)
        if page is None:
            page = self._seen[number] = Page(block, pfn, number)
        return page

    def discard(self, block: str, first: int, pages: int) -> bool:
        """The target drops these pages; False where there are no such pages."""
        if first < 0 or pages <= 0 or first + pages > self.blocks.get(block, 0):
            return False
        ranges, end = self._discarded.setdefault(block, []), first + pages
        at = bisect_left(ranges, (first,))
        if at and ranges[at - 1][1] >= first:
            at -= 1
            first = ranges[at][0]
        after = at
        while after < len(ranges) and ranges[after][0] <= end:
            end = max(end, ranges[after][1])
            after += 1
        ranges[at:after] = [(first, end)]
        return True

    def is_discarded(self, block: str, pfn: int) -> bool:
        """Whether the target has dropped the page."""
        ranges = self._discarded.get(block, [])
        at = bisect_left(ranges, (pfn + 1,))
        return at > 0 and pfn < ranges[at - 1][1]

    @property
    def has_discarded(self) -> bool:
        """Whether the target has dropped any."""
        return bool(self._discarded)

    def seen(self) -> list[Page]:
        """The pages seen so far, in order."""
        return [self._seen[number] for number in sorted(self._seen)]

    def missing(self, limit: int, discarded: bool) -> Iterator[Page]:
        """The first ``limit`` pages that were never sent: of those dropped at the switch, since; or of the rest."""
        for block, pages in self.blocks.items():
            for pfn in self._dropped(block) if discarded else self._kept(block, pages):
                seen = self._seen.get(self._first[block] + pfn)
                if seen is None or seen.last_record is None or (discarded and not seen.is_settled):
                    if seen is not None and seen.is_released:
                        continue
                    if limit == 0:
                        return
                    limit -= 1
                    yield seen or Page(block, pfn, self._first[block] + pfn)

    def _dropped(self, block: str) -> Iterator[int]:
        """Each page of the block that the target has dropped, once."""
        for first, end in self._discarded.get(block, ()):
            yield from range(first, end)

    def _kept(self, block: str, pages: int) -> Iterator[int]:
        """Each page of the block that it has not dropped: what was dropped can be far longer than what was seen."""
        done = 0
        for first, end in self._discarded.get(block, ()):
            yield from range(done, first)
            done = end
        yield from range(done, pages)
