"""One ledger of the promise, stepped by events: a guard that refuses is a finding, with the story of its page."""

from collections import Counter
from typing import Any

from refmodel.language import Action, Refused
from refmodel.oracle.catalogue import classes_of
from refmodel.oracle.events import Event
from refmodel.oracle.inplace import unbounded_ledger
from refmodel.oracle.pages import LEFT_OUT, Page, Pages, shortened
from refmodel.oracle.rules import OF_CHECKPOINTS, OF_HOSTS, OF_RESIDUE, RULES
from refmodel.oracle.verdict import Finding
from refmodel.promise import Ledger, Promise
from refmodel.unusable import Unusable

__all__ = ["MOST_FINDINGS", "Stepping"]

MOST_FINDINGS = 2000
"""Findings of one rule that are kept."""


class Stepping:
    """Where a run has come to, and what was found in it."""

    def __init__(self, where: str, ledger: Ledger | None = None) -> None:
        """``ledger``: any ledger to begin with; by default one that is updated in place, of any size."""
        self.where = where
        self.promise = Promise()
        self.ledger = self.promise.initial(unbounded_ledger() if ledger is None else ledger)
        self.pages = Pages()
        self.findings: list[Finding] = []
        self.number = 0
        """Of the event at hand, counted from 1."""
        self.paused = False
        self.ended: Event | None = None
        """The last event that ended the run."""
        self.counts = {rule: 0 for rule in RULES if rule not in (*OF_CHECKPOINTS, *OF_HOSTS, *OF_RESIDUE)}
        """How often each rule was checked that there may be something to check by."""
        self._found = Counter[str]()
        self._ends: set[type[Event]] = set()
        self._common: tuple[tuple[int, str], ...] = ()
        """What belongs to every page's story, with the event's number."""

    def step(self, rule: str, step: str, *arguments: Any, page: Page | None = None, **more: Any) -> bool:
        """Take a step of the promise; a refusal is a finding of the rule."""
        self.counts[rule] = self.counts.get(rule, 0) + 1
        try:
            self.ledger = self.promise.take(self.ledger, Action(step, arguments))
        except Refused as refused:
            self.find(rule, f"{step} needs that {refused.guard}", page, **more)
            return False
        return True

    def find(self, rule: str, message: str, page: Page | None = None, **more: Any) -> None:
        """Note a finding; of one rule only so many, as an event can come any number of times."""
        self._found[rule] += 1
        if self._found[rule] > MOST_FINDINGS:
            return
        known = more if "contracts" in more else {"contracts": tuple(c.value for c in RULES[rule].contracts)} | more
        if page is not None:
            known |= {"block": page.block, "pfn": page.pfn, "last_record": page.last_record}
            known |= {"source": page.source, "target": page.target, "story": self.story_of(page)}
        signs, kind = _signs(page), page.last_record.kind if page and page.last_record else None
        known["classes"] = classes_of(rule, known["contracts"], signs, kind)
        self.findings.append(Finding(rule=rule, message=message, event=self.number, **known))

    def tell(self, what: str) -> None:
        """It belongs to the story of every page."""
        self._common = shortened((*self._common, (self.number, what)))

    def story_of(self, page: Page) -> tuple[str, ...]:
        """A line for each event that touched the page, and for each that touched all."""
        lines = sorted((*page.story, *self._common), key=lambda line: line[0])
        return tuple(what if what == LEFT_OUT else f"event {number}: {what}" for number, what in lines)

    def is_first(self, event: Event) -> bool:
        """The run has ended so; and has not before: what that settles, it settles once, however often it comes."""
        self.ended = event
        is_first = not self.has_come(type(event))
        self._ends.add(type(event))
        return is_first

    def has_come(self, end: type[Event]) -> bool:
        """The run has ended so before."""
        return end in self._ends

    def unusable(self, what: str, expected: str) -> Unusable:
        """The event cannot stand where it does."""
        return Unusable(f"{self.where}: event {self.number}", what, expected)


def _signs(page: Page | None) -> tuple[str, ...]:
    """What the sends show of the page: whether the log had ever caught a store to it."""
    if page is None or page.last_record is None:
        return ()
    return ("seen-before",) if len(page.live) + len(page.paused) > 1 else ("never-seen",)
