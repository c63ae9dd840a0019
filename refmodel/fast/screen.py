"""The screen: judges columns, and notes each page that a rule is broken for."""

from collections import Counter

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from refmodel.fast.columns import Bools, Code, Columns, Control, Feed, Words
from refmodel.fast.control import Found, Screened
from refmodel.fast.moves import Broken, Run, memories, releases, sends, stores
from refmodel.fast.state import Flag
from refmodel.oracle.events import Activate
from refmodel.oracle.judge import MOST_FINDINGS
from refmodel.unusable import Unusable

__all__ = ["STEPWISE", "Screen"]

STEPWISE = "an event of checkpoints, which are judged stepwise,"
OF_CHECKPOINTS = ("Checkpoint", "Resume", "Whole", "Emit", "Output", "Takeover")

_WHERE = "stores-only-where-the-guest-runs"


@frozen
class _Rows:
    """Rows at hand: places in the state instead of numbers of pages."""

    numbers: NDArray[np.int64]
    code: NDArray[np.uint8]
    at: NDArray[np.intp]
    digest: Words
    known: Bools
    target: Bools

    def some(self, rows: Bools | NDArray[np.intp]) -> "_Rows":
        return _Rows(
            self.numbers[rows], self.code[rows], self.at[rows], self.digest[rows], self.known[rows], self.target[rows]
        )


class Screen:
    """Takes items; ``judge`` has the verdict's parts, ``found`` the pages that are to be judged again.

    ``part``: keep state of these pages only, and take no rows of others.
    """

    def __init__(self, where: str, part: range | None = None) -> None:
        self.run = Run()
        self.found: list[Found] = []
        self._told = Counter[str]()
        self._fresh: list[Found] = []
        self.judge = Screened(where, self.run, self._note, part)

    def feed(self, items: Feed) -> None:
        """Take all; Unusable for an event that cannot stand where it does."""
        for item in items:
            if isinstance(item, Control):
                self.control(item)
            else:
                self.columns(item)

    def control(self, item: Control) -> None:
        """An event of all pages."""
        judge, run = self.judge, self.run
        if type(item.event).__name__ in OF_CHECKPOINTS:
            where = f"{judge.where}: event {item.number}"
            raise Unusable(where, STEPWISE, "refmodel oracle, which judges checkpoints")
        judge.number = item.number - 1
        judge.take(item.event)
        ledger = judge.ledger
        run.source_runs, run.target_runs, run.paused = ledger.source_runs, ledger.target_runs, judge.paused
        run.activated |= isinstance(item.event, Activate)

    def columns(self, items: Columns) -> None:
        """Events of pages."""
        judge, run = self.judge, self.run
        if not len(items):
            return
        if judge.begin is None:
            self._refuse(items, 0)
        wrong = items.page < 0
        if run.activated:
            wrong |= items.code == Code.MEMORY
        if wrong.any():
            self._refuse(items, int(np.argmax(wrong)))
        at = (items.page - judge.state.first).astype(np.intp, copy=False)
        rows = _Rows(items.numbers, items.code, at, items.digest, items.known, items.target)
        rows = self._stores_that_may_be(rows)
        if len(rows.at):
            for wave in self._waves(rows):
                self._move(wave)
        judge.number = int(items.numbers[-1])
        self._keep()

    def _refuse(self, items: Columns, row: int) -> None:
        """The stepwise judge refuses this event: it says why."""
        self.judge.number = int(items.numbers[row]) - 1
        self.judge.take(items.event(row))
        raise AssertionError("refused here and not by the stepwise judge")

    def _stores_that_may_be(self, rows: _Rows) -> _Rows:
        """The rows without stores on a side that stands still, which are found and change nothing."""
        stored = rows.code == Code.STORE
        if not stored.any():
            return rows
        self.run.count(_WHERE, int(stored.sum()))
        runs = np.where(rows.target, self.run.target_runs, self.run.source_runs)
        still = stored & ~runs
        if not still.any():
            return rows
        self.judge.state.flags[rows.at[still]] |= Flag.SEEN
        self._note(_WHERE, rows.at[still], rows.numbers[still])
        return rows.some(~still)

    def _waves(self, rows: _Rows) -> "list[_Rows]":
        """The rows as waves in which no page comes twice, one after the other."""
        at, state = rows.at, self.judge.state
        if (at[1:] > at[:-1]).all():
            return [rows]
        order = np.arange(len(at), dtype=np.uint32)
        state.scratch[at] = order
        again = state.scratch[at] != order
        if not again.any():
            return [rows]
        state.flags[at[again]] |= Flag.DOUBLE
        double = state.flags[at] & Flag.DOUBLE != 0
        state.flags[at[again]] &= ~Flag.DOUBLE
        of_doubles = np.flatnonzero(double)
        of_doubles = of_doubles[np.argsort(at[of_doubles], kind="stable")]
        sorted_rows = self._fewer(rows.some(of_doubles))
        first = np.flatnonzero(np.r_[True, sorted_rows.at[1:] != sorted_rows.at[:-1]])
        length = np.diff(np.r_[first, len(sorted_rows.at)])
        rank = np.arange(len(sorted_rows.at)) - np.repeat(first, length)
        by_rank = np.argsort(rank, kind="stable")
        cuts = np.flatnonzero(np.diff(rank[by_rank])) + 1
        return [rows.some(~double), *(sorted_rows.some(part) for part in np.split(by_rank, cuts))]

    def _fewer(self, rows: _Rows) -> _Rows:
        """The rows, in order by page, without those that leave no trace, as the next one does the same."""
        run, state = self.run, self.judge.state
        same = (rows.at[1:] == rows.at[:-1]) & (rows.code[1:] == rows.code[:-1])
        kind = rows.code[:-1]
        gone = np.zeros(len(rows.at), np.bool_)
        if not (run.activated or run.target_runs):
            sent = same & (kind == Code.SEND)
            varied = sent & (rows.digest[1:] != rows.digest[:-1])
            state.flags[rows.at[:-1][varied]] |= Flag.VARIED
            run.count("nothing-is-sent-to-a-running-target", int(sent.sum()))
            gone[:-1] = same & ((kind == Code.STORE) | (kind == Code.SEND))
        else:
            # The first of several stores at the target may be another step than those that follow.
            stored = same & (kind == Code.STORE)
            gone[1:-1] = stored[1:] & stored[:-1]
        return rows.some(~gone) if gone.any() else rows

    def _move(self, rows: _Rows) -> None:
        state, run = self.judge.state, self.run
        codes = np.unique(rows.code) if len(rows.code) < 64 else np.flatnonzero(np.bincount(rows.code))
        for code in codes:
            some = rows if len(codes) == 1 else rows.some(rows.code == code)
            match int(code):
                case Code.SEND:
                    self._take(some, sends(state, some.at, some.digest, run))
                case Code.STORE:
                    self._take(some, stores(state, some.at, some.digest, some.known, some.target, run))
                case Code.MEMORY:
                    self._take(some, memories(state, some.at, some.digest, some.target, run))
                case _:
                    releases(state, some.at)

    def _take(self, rows: _Rows, broken: Broken) -> None:
        for rule, which in broken:
            if which.any():
                self._note(rule, rows.at[which], rows.numbers[which])

    def _note(self, rule: str, at: NDArray[np.intp], numbers: NDArray[np.int64] | int) -> None:
        """Note pages; of one rule only so many as the stepwise judge would tell, the first."""
        first = self.judge.state.first
        which = np.broadcast_to(numbers, at.shape)
        if isinstance(numbers, int):  # all at one event, in the order of pages
            room = max(MOST_FINDINGS - self._told[rule], 0)
            self.found += [Found(numbers, rule, first + int(place)) for place in at[:room]]
            self._told[rule] += len(at)
            return
        order = np.argsort(which, kind="stable")[:MOST_FINDINGS]
        self._fresh += [Found(int(which[row]), rule, first + int(at[row])) for row in order]

    def _keep(self) -> None:
        """Of what these rows showed, keep the first of each rule."""
        for found in sorted(self._fresh, key=lambda found: found.number):
            if self._told[found.rule] < MOST_FINDINGS:
                self.found.append(found)
            self._told[found.rule] += 1
        self._fresh.clear()
