"""The counts of dirty pages that QEMU gives at each sync, against the stores between the syncs.

QEMU counts only pages that are not queued already, and adds the counts up for about a second (migration/ram.c,
migration_bitmap_sync: ``num_dirty_pages_period``, which goes back to 0 after the first sync more than 1000 ms after the
last time that it did). Initially every page is queued.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from refmodel.oracle.qemu.facts import Facts, Sync
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.readers.qemu_stores import Stores

__all__ = ["Counts", "new_counts"]

_RULE = "counted-dirty-pages-are-possible"
_PERIOD, _UNSURE = 1_000_000, 5_000
_MOST = 4_000_000


class Counts:
    """Takes the sends of one block, then the stores; `slack` and all times in microseconds."""

    def __init__(self, facts: Facts, notes: Notes, slack: int) -> None:
        self._syncs = facts.syncs
        self._notes = notes
        self._slack = slack
        self._starts = [sync.start for sync in self._syncs]
        self._ends = [sync.end for sync in self._syncs]
        self._sent: dict[tuple[int, int], int] = {}
        """The first send of a page before a sync, after the sync before it: by (number of the sync, pfn)."""
        self._possible: list[set[int]] = [set() for _ in self._syncs]
        self._needed: list[set[int]] = [set() for _ in self._syncs]
        self._size = 0

    def sent(self, pfn: int, time: int) -> None:
        """A record of the page was written at `time` at the latest."""
        if len(self._sent) < _MOST:
            self._sent.setdefault((bisect_left(self._starts, time), pfn), time)

    def stored(self, row: Stores) -> None:
        """A run of stores."""
        first, last = row.first // 1000, row.last // 1000
        begin = bisect_left(self._ends, first - self._slack)
        for number in range(max(begin, 1), len(self._syncs)):
            if self._starts[number - 1] - self._slack > last:
                break
            if self._size < _MOST and row.pfn not in self._possible[number]:
                self._possible[number].add(row.pfn)
                self._size += 1
        for time in {first, last}:
            number = bisect_right(self._starts, time)
            if not 0 < number < len(self._syncs):
                continue
            inside = self._ends[number - 1] + self._slack < time < self._starts[number] - self._slack
            sent = self._sent.get((number, row.pfn))
            if inside and sent is not None and self._ends[number - 1] < sent < time - self._slack:
                self._needed[number].add(row.pfn)

    def finish(self) -> None:
        """All stores were taken: compare."""
        if len(self._syncs) < 2:
            self._notes.cannot(_RULE, "fewer than two syncs are traced")
            return
        if self._size >= _MOST or len(self._sent) >= _MOST:
            self._notes.cannot(_RULE, f"over {_MOST} stored pages between syncs")
            return
        for number, new in enumerate(new_counts(self._syncs)):
            if number == 0:
                continue
            self._notes.check(_RULE)
            needed, possible = self._needed[number], len(self._possible[number])
            when = (
                f"sync {number + 1} of {len(self._syncs)} counts {' or '.join(map(str, sorted(new)))} new dirty pages"
            )
            if max(new) < len(needed):
                some = ", ".join(str(pfn) for pfn in sorted(needed)[:8])
                message = (
                    f"{when}, and {len(needed)} were stored after they were sent ({some}, ...): dirty bits are lost"
                )
                self._notes.find(_RULE, message)
            elif min(new) > possible:
                self._notes.find(
                    _RULE, f"{when}, and the store log has stores to {possible} pages since the sync before"
                )


def new_counts(syncs: Sequence[Sync]) -> list[set[int]]:
    """How many pages each sync can have counted anew; two numbers where the clock leaves it open."""
    counts: list[set[int]] = []
    can_be = {(0, syncs[0].start if syncs else 0)}
    """What the counter started from, and when it was restarted last."""
    for sync in syncs:
        fitting = {(base, since) for base, since in can_be if sync.dirty >= base} or {(0, since) for _, since in can_be}
        counts.append({sync.dirty - base for base, _ in fitting})
        can_be = set()
        for _, since in fitting:
            passed = sync.end - since
            if passed > _PERIOD - _UNSURE:
                can_be.add((0, sync.end))
            if passed <= _PERIOD + _UNSURE:
                can_be.add((sync.dirty, since))
    return counts
