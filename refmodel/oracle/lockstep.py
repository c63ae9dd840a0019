"""Lockstep: a machine of the specification takes, by its own steps, what a recording shows of a real hypervisor.

The machine is in one concrete state, with a page for each of the recording's. A step that it refuses is a finding: the
guard that refused says what it would have allowed instead. What a recording does not show is taken to be what lets the
machine go on (a store is a mark that its harvest returned), so that only what no hidden step explains is found.
Contents are not followed: they are the promise's matter (``judge``), and every page has one word here, which stays what
it was.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import islice, product
from typing import Any

from attrs import frozen

from refmodel.language import Action, Refused, Sizes
from refmodel.language.sorts import domain
from refmodel.migration import AnyMachine
from refmodel.oracle.wide import WideSet, widened

__all__ = ["MOST_PAGES", "Lockstep", "Said", "few"]

MOST_PAGES = 1 << 20
"""Pages of the largest machine that is made: 4 GiB. A stream can claim any number of pages at no cost of its own."""

_SHOWN = 4
_MOST = 100
"""Findings of one rule that are told."""


@frozen
class Said:
    """A finding: its rule, what it says, and the page, where it is one's."""

    rule: str
    message: str
    page: int | None


class Lockstep:
    """A machine, and the state that it is in."""

    def __init__(self, spec: AnyMachine, pages: int, **sizes: int) -> None:
        """``sizes``: of sorts of which the machine has more than one, besides its pages."""
        one = dict.fromkeys(spec.sorts, 1) | {"value": 2, "pfn": pages}
        self.spec = spec
        self.found: list[Said] = []
        self.counts = Counter[str]()
        """How often each rule was checked."""
        self._found = Counter[str]()
        self.sizes: Sizes = {name: sizes.get(name, size) for name, size in one.items()}
        self.m: Any = widened(spec.start(self.sizes), pages)

    def take(self, step: str, *arguments: int) -> str | None:
        """Take a step; None once it is taken, the guard's sentence where it is refused."""
        try:
            self.m = self.spec.take(self.m, Action(step, arguments))
        except Refused as refused:
            return refused.guard
        return None

    def prepare(self, steps: Iterable[str]) -> None:
        """Take what is hidden: each of the steps that the machine has, with whatever arguments it is enabled for."""
        for name in steps:
            if name in self.spec.steps:
                sorts = [sort for _, sort in self.spec.steps[name].parameters]
                for arguments in product(*(domain(sort, self.sizes) for sort in sorts)):
                    self.take(name, *arguments)

    def mark(self, pages: Iterable[int]) -> None:
        """What was stored to, hidden: the machine marks what it does not have marked already."""
        for page in pages:
            if not self.m.log.dirty[page]:
                self.m = self.spec.marked(self.m, page)

    def send(self, page: int) -> str | None:
        """The page is taken up, read, and done with; or the guard that refused to take it up."""
        refused = self.take("transfer_clear", page)
        if refused is None:
            self.go_on("transfer_read", 0)
            self.go_on("transfer_done")
        return refused

    def go_on(self, step: str, *arguments: int) -> None:
        """Take a step that nothing in a recording can make the machine refuse; RuntimeError if it does."""
        if (refused := self.take(step, *arguments)) is not None:
            raise RuntimeError(f"{type(self.spec).__name__}: {step} needs that {refused}")

    @property
    def owed(self) -> WideSet:
        """The pages that the round owes."""
        to_send: WideSet = self.m.rounds.to_send
        return to_send

    def owes_no_more(self) -> None:
        """After a finding: go on as if the round had sent all that it owed."""
        self.m = self.m.but(rounds=self.m.rounds.but(to_send=self.owed.cleared()))

    def find(self, rule: str, message: str, page: int | None = None) -> None:
        """Note a finding."""
        self._found[rule] += 1
        if self._found[rule] <= _MOST:
            self.found.append(Said(rule, message, page))


def few(pages: WideSet) -> str:
    """The set in words: how many pages, and the first of them."""
    first = [str(page) for page in islice(pages.each(), _SHOWN)]
    more = ", ..." if pages.size > _SHOWN else ""
    return f"{pages.size} page{'s' * (pages.size != 1)} ({', '.join(first)}{more})" if first else "no page"
