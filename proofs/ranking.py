"""Why a migration ends: what is left to do, from the most to the least weighty, and how it gets less.

Each entry of a ranking is a part of the work. A step brings the end *closer* when it lessens one entry and leaves
all weightier ones as they are; what it does to the lighter ones does not matter. So taking up a page may make the
engine's work on it start over, for one page fewer is owed.

Sets are compared by inclusion, nothing is counted; that no set can shrink for ever is the one thing assumed beyond
logic: pages, virtual pages, words and CPUs are finitely many. Safety needs no such assumption, and leaves open when
the policy stops; ``rounds.left`` is what makes it stop.

``rankings`` has what is left to do in a machine of these parts or those, and which of its steps need not bring the end
closer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import reduce
from typing import Any, cast

from attrs import frozen

from refmodel.language import Set, neg
from refmodel.state import Phase

__all__ = [
    "Ahead",
    "Countdown",
    "Once",
    "Places",
    "Remaining",
    "Work",
    "closer",
    "is_over",
    "is_running",
    "no_further",
]

Machine = Any
"""The state of some machine."""


def is_running(m: Machine) -> bool:
    """A migration has begun and has not ended."""
    return neg((m.phase == Phase.BEFORE) | is_over(m))


def is_over(m: Machine) -> bool:
    """The guest runs at the target, or the migration has been given up."""
    return cast(bool, (m.phase == Phase.AFTER) | (m.phase == Phase.ABORTED))


@frozen
class Work(ABC):
    """One part of what is left to do."""

    what: str
    of: Callable[[Machine], Any]

    @abstractmethod
    def less(self, before: Machine, after: Machine) -> bool:
        """There is less of it afterwards."""

    @abstractmethod
    def same(self, before: Machine, after: Machine) -> bool:
        """There is as much of it."""


@frozen
class Ahead(Work):
    """Places on the way that are still ahead: less, when a later one has been reached."""

    way: tuple[IntEnum, ...]

    def __attrs_post_init__(self) -> None:
        if len(set(self.way)) < len(self.way):
            raise ValueError(f"{self.what}: a way that comes to a place again has no end")

    def less(self, before: Machine, after: Machine) -> bool:
        """From an earlier place to a later one."""
        here, there = self.of(before), self.of(after)
        later = [(a, b) for i, a in enumerate(self.way) for b in self.way[i + 1 :]]
        return cast(bool, reduce(lambda x, y: x | y, [(here == a) & (there == b) for a, b in later]))

    def same(self, before: Machine, after: Machine) -> bool:
        """At the same place."""
        return cast(bool, self.of(before) == self.of(after))


@frozen
class Places(Work):
    """The same for places that are told apart by predicates. The place is the first that holds: where two did, there
    would be less with a step from one to the other, and less with the step back."""

    def less(self, before: Machine, after: Machine) -> bool:
        """From an earlier place to a later one."""
        here, there = self._first(before), self._first(after)
        later = [a & b for i, a in enumerate(here) for b in there[i + 1 :]]
        return reduce(lambda x, y: x | y, later)

    def same(self, before: Machine, after: Machine) -> bool:
        """At the same place."""
        here, there = self._first(before), self._first(after)
        return reduce(lambda x, y: x | y, [a & b for a, b in zip(here, there, strict=True)])

    def _first(self, m: Machine) -> list[bool]:
        """For each place: it holds, and none before it."""
        found, passed = [], False
        for holds in self.of(m):
            found.append(holds & neg(passed))
            passed = holds | passed
        return found


@frozen
class Countdown(Work):
    """A natural number."""

    def less(self, before: Machine, after: Machine) -> bool:
        """It was positive, and is smaller."""
        return cast(bool, (self.of(before) > 0) & (self.of(before) > self.of(after)))

    def same(self, before: Machine, after: Machine) -> bool:
        """The same number."""
        return cast(bool, self.of(before) == self.of(after))


@frozen
class Remaining(Work):
    """A set to be worked off, or the complement of one to be filled: less, when some go and none come."""

    done: bool = False
    """``of`` gives what has been done rather than what remains."""

    def less(self, before: Machine, after: Machine) -> bool:
        """Strict inclusion."""
        smaller, larger = self._sets(before, after)
        return smaller.never(lambda *key: neg(larger[key if len(key) > 1 else key[0]])) & neg(smaller.same(larger))

    def same(self, before: Machine, after: Machine) -> bool:
        """The same members."""
        return self.of(before).same(self.of(after))  # type: ignore[no-any-return]

    def _sets(self, before: Machine, after: Machine) -> tuple[Set[Any], Set[Any]]:
        return (self.of(before), self.of(after)) if self.done else (self.of(after), self.of(before))


@frozen
class Once(Work):
    """Something to be done once."""

    def less(self, before: Machine, after: Machine) -> bool:
        """It was not done, and is."""
        return cast(bool, neg(self.of(before)) & self.of(after))

    def same(self, before: Machine, after: Machine) -> bool:
        """Done or not done, as before."""
        return cast(bool, self.of(before) == self.of(after))


def closer(before: Machine, after: Machine, left_to_do: Sequence[Work]) -> bool:
    """Less is left to do: of one entry less, of all weightier ones as much."""
    verdict = False
    for work in reversed(left_to_do):
        verdict = work.less(before, after) | (work.same(before, after) & verdict)
    return verdict


def no_further(before: Machine, after: Machine, left_to_do: Sequence[Work]) -> bool:
    """Not more is left to do: closer, or every entry as it was."""
    unchanged = reduce(lambda x, y: x & y, [work.same(before, after) for work in left_to_do])
    return closer(before, after, left_to_do) | unchanged
