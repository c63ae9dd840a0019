"""One page's story: its moments and its stores, merged by time, in few lines; and what it comes to.

Stores are folded between one moment and the next, so that a page that was stored to a million times has a short story.
"""

from bisect import bisect_left

from attrs import define, field

from refmodel.oracle.pages import LEFT_OUT
from refmodel.oracle.qemu.moments import Moment, Moments
from refmodel.oracle.qemu.stores import SLACK
from refmodel.oracle.readers.qemu_stores import Stores

__all__ = ["PageStory"]

_MOST_LINES = 26
_FIRST_LINES = 5
_DIFFERS = {
    "lost": "the record of the last send is not on the wire",
    "stray": "the last record on the wire is none that the source sent there",
}
_NEAR = 5_000
"""Microseconds: a store so near to a send or a sync may have raced with it."""
_AFTER_ALL = 1 << 62


@define
class _Folded:
    """Stores between two moments: how many, from when to when, in microseconds."""

    count: int = 0
    first: int = _AFTER_ALL
    last: int = -1

    def add(self, count: int, first: int, last: int) -> None:
        self.count += count
        self.first = min(self.first, first)
        self.last = max(self.last, last)


@define
class PageStory:
    """The story of one page; `stored` takes its stores, in any order. `logged`: there is a store log of its block."""

    moments: Moments
    own: list[Moment]
    logged: bool
    _line: list[Moment] = field(init=False)
    _times: list[int] = field(init=False)
    _gaps: dict[int, _Folded] = field(init=False, factory=dict)
    _before: int | None = field(init=False, default=None)
    late: _Folded = field(init=False, factory=_Folded)
    """Stores after the last send."""
    _is_apart: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._line = sorted([*self.moments.common, *self.own], key=lambda moment: _time(moment))
        self._times = [_time(moment) for moment in self._line]

    @property
    def _sent(self) -> int:
        """When the page was sent last, or found to be as sent; a record that nobody sent is none."""
        known = [_time(moment) for moment in self.own if moment.kind in ("send", "lost", "skip")]
        return max(known, default=-1)

    def stored(self, row: Stores) -> None:
        """Take a run of stores to the page."""
        first, last = row.first // 1000, row.last // 1000
        if not row.during:
            self._before = last
            return
        gap = bisect_left(self._times, last)
        self._gaps.setdefault(gap, _Folded()).add(row.count, first, last)
        limit = self._sent + SLACK
        if self._sent >= 0 and limit < last:
            self.late.add(row.count if limit < first else 1, first if limit < first else last, last)
            self._is_apart |= last > self._sent + _NEAR and not self._is_near_a_sync(last)

    def _is_near_a_sync(self, time: int) -> bool:
        after = bisect_left(self.moments.syncs, time - _NEAR)
        return after < len(self.moments.syncs) and self.moments.syncs[after] <= time + _NEAR

    @property
    def wire_differs(self) -> str | None:
        """How, where the last send has no record, or a record came after it that nobody sent."""
        told = [moment for moment in self.own if moment.kind in _DIFFERS or moment.kind == "send"]
        return _DIFFERS.get(max(told, key=_time).kind) if told else None

    @property
    def later_syncs(self) -> list[int]:
        """The numbers of the syncs that began after a store that came after the last send."""
        if not self.late.count:
            return []
        return [number for number, time in enumerate(self.moments.syncs, 1) if time > self.late.first + SLACK]

    @property
    def harvested_at_rest(self) -> bool:
        """A sync began after the vCPUs stopped, and no store came after they did."""
        stop, syncs = self.moments.stop, self.moments.syncs
        return stop is not None and bool(syncs) and syncs[-1] >= stop >= self.late.last - SLACK

    @property
    def signs(self) -> set[str]:
        """What the story speaks for (see ``refmodel.oracle.catalogue``)."""
        if self.logged and not self.late.count:
            return {"no-store"}
        if self.late.count and not self.later_syncs:
            return {"after-the-last-sync"}
        sends = sum(moment.kind in ("send", "lost") for moment in self.own)
        found = {"seen-before" if sends > 1 else "never-seen"}
        if self.late.count:
            found |= {"apart" if self._is_apart else "race", "across-a-sync"}
        return found

    def lines(self, source: str | None, target: str | None) -> tuple[str, ...]:
        """The story; `source` and `target` are what they hold at the cutover, where that is known."""
        told: list[str] = []
        if self._before is not None:
            told.append(self._at(self._before, "last stored to before the migration"))
        for number, moment in enumerate(self._line):
            if number in self._gaps:
                told.append(self._stores(self._gaps[number]))
            told.append(self._at(moment.time, moment.text))
        if len(self._line) in self._gaps:
            told.append(self._stores(self._gaps[len(self._line)]))
        if len(told) > _MOST_LINES:
            told[_FIRST_LINES : len(told) - (_MOST_LINES - _FIRST_LINES - 1)] = [f"{'':12}  {LEFT_OUT}"]
        known = [f"{side} has {digest}" for side, digest in (("source", source), ("target", target)) if digest]
        if known:
            told.append(f"{'':12}  at the cutover the {', the '.join(known)}")
        return (*told, *self._sum())

    def _sum(self) -> list[str]:
        """What it comes to, in a line."""
        if self.wire_differs:
            return [f"{'so':>12}  {self.wire_differs}"]
        if not self.logged or self._sent < 0:
            return []
        if not self.late.count:
            return [f"{'so':>12}  no store of the log came after the last send"]
        stores = f"{self.late.count} store{'s' * (self.late.count > 1)} after the last send"
        numbers = self.later_syncs
        if not numbers:
            return [f"{'so':>12}  {stores}, and no sync after that"]
        which = ", ".join(map(str, numbers[:3])) + (f" and {len(numbers) - 3} more" if len(numbers) > 3 else "")
        syncs = f"sync{'s' * (len(numbers) > 1)} {which}"
        return [f"{'so':>12}  {stores}; {syncs} came later, and it was not sent again"]

    def _stores(self, folded: _Folded) -> str:
        if folded.count == 1:
            return self._at(folded.last, "1 store")
        return self._at(folded.last, f"{folded.count} stores, {self._ms(folded.first)} to {self._ms(folded.last)} ms")

    def _at(self, time: int | None, text: str) -> str:
        return f"{'' if time is None else self._ms(time):>12}  {text}"

    def _ms(self, time: int) -> str:
        return f"{(time - self.moments.begin) / 1000:.3f}"


def _time(moment: Moment) -> int:
    return _AFTER_ALL if moment.time is None else moment.time
