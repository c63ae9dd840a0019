"""Does a schedule of the specification explain what was seen of a page, and if not, of which wrong variant?

Stores are hidden in most recordings. ``refmodel.search.explain`` tries every hidden schedule of one page; pages of
which the same was seen (up to the contents' names) share the answer.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import orjson
from attrs import frozen

from refmodel.language import Contract
from refmodel.oracle.judge import Judge
from refmodel.oracle.pages import Page
from refmodel.oracle.rules import Rule
from refmodel.promise import Promise
from refmodel.schedules.schedule import Schedule, dumps
from refmodel.search.explain import RIGHT, Explanation, Outcome, Seen, explain
from refmodel.variants import VARIANTS

__all__ = ["THE_RULE", "Explained", "explained", "find_unexplained"]

THE_RULE = Rule(
    "a-right-machine-explains-what-was-seen",
    Promise.settle.__name__,
    "some hidden schedule of a right machine sends just this of the page, and leaves just this at the source",
    "--explain, every record of the stream, and the source's memory at the stop",
    (Contract.LOGGING, Contract.ROUNDS, Contract.TRANSPORT, Contract.HAND_OVER),
)
_MOST_PATTERNS = 12
"""Different things seen of pages that are explained; each takes a second, and one more for each wrong variant."""


@frozen
class Explained:
    """What explains the pages of which the same was seen: the right machine, or else these variants."""

    pages: tuple[tuple[str, int], ...]
    seen: Seen
    right: Explanation
    variants: tuple[tuple[str, Explanation], ...] = ()

    @property
    def is_decided(self) -> bool:
        """Explained, or no hidden schedule is left that could."""
        return self.right.outcome is not Outcome.BOUNDED

    @property
    def sentence(self) -> str:
        """For people."""
        block, pfn = self.pages[0]
        who = f"{block} {pfn}" + (f" and {len(self.pages) - 1} more" if len(self.pages) > 1 else "")
        if self.right.outcome is Outcome.EXPLAINED:
            return f"{who}: explained by a right machine"
        tried = f"{self.right.states:,} states tried"
        if self.right.outcome is Outcome.BOUNDED:
            return f"{who}: not decided whether a right machine explains it ({tried})"
        names = ", ".join(f"{name} ({VARIANTS[name].catalogue})" for name, _ in self.variants)
        return f"{who}: no right machine explains it (all {tried}); explained by {names or 'none of the variants'}"

    def as_json(self) -> dict[str, Any]:
        """With each witness as a schedule."""
        witnesses = [(RIGHT, self.right), *self.variants]
        return {
            "pages": [{"block": block, "pfn": pfn} for block, pfn in self.pages],
            "outcome": self.right.outcome.value,
            "states": self.right.states,
            "explained_by": [
                {"variant": name, "witness": _plain(found.witness)} for name, found in witnesses if found.witness
            ],
        }


def _plain(schedule: Schedule) -> Any:
    return orjson.loads(dumps(schedule))


def find_unexplained(
    judge: Judge, found: Iterable[Explained], known: Collection[tuple[str | None, int | None]]
) -> None:
    """Pages that no right machine explains, and of which nothing else was found (``known``), are findings."""
    contracts = tuple(contract.value for contract in THE_RULE.contracts)
    for each in found:
        for place in each.pages if each.right.outcome is Outcome.NO_EXPLANATION else ():
            if place not in known:
                judge.find(THE_RULE.name, each.sentence, judge.pages.find(*place), contracts=contracts)


def _tried() -> list[str]:
    """The wrong variants of the machine whose hidden schedules are tried."""
    return [name for name, variant in VARIANTS.items() if not variant.sound and variant.machine == "bare"]


def explained(pages: Iterable[Page], watch: Callable[[str], None] = lambda what: None) -> list[Explained]:
    """What explains each of these pages; the first different patterns only, up to a fixed number."""
    patterns: dict[Seen, list[tuple[str, int]]] = {}
    for page in pages:
        if page.source is None or page.is_released or not (page.live or page.paused):
            continue
        patterns.setdefault(Seen(page.live, page.paused, page.source).shortened(), []).append((page.block, page.pfn))
    found = []
    for seen, places in list(patterns.items())[:_MOST_PATTERNS]:
        watch(f"explaining {places[0][0]} {places[0][1]}")
        right = explain(seen)
        variants: list[tuple[str, Explanation]] = []
        if right.outcome is Outcome.NO_EXPLANATION:
            for name in _tried():
                other = explain(seen, name)
                if other.outcome is Outcome.EXPLAINED:
                    variants.append((name, other))
        found.append(Explained(tuple(places), seen, right, tuple(variants)))
    return found
