"""Wrong judges: of the events of a wrong variant each finds less than the right one, or comes to no verdict."""

from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from typing import Any

from attrs import evolve

from refmodel.catalogue.mutants.mutant import Mutant, Said
from refmodel.language import need, neg
from refmodel.oracle.events import Event, Memory
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.observed import observed
from refmodel.oracle.pages import Page
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.events_file import dumps, read_events
from refmodel.oracle.summary import verdict_of
from refmodel.promise import Ledger, Promise
from refmodel.search.complete import to_the_end
from refmodel.search.find import find_variant
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS, Variant

__all__ = ["JUDGES", "events_of", "said_by"]


class _TakesWhatDiffers(Promise):
    def settle(self, a: Ledger, page: int) -> Ledger:
        """The page is owed no longer where the two sides differ."""
        need(a.owed[page], "the page is owed")
        need(neg(a.last.memory.same_row(a.held.memory, page)), "what the target holds is not what was stored last")
        return a.but(owed=a.owed.discard(page))


class ComparesTheWrongWayRound(Judge):
    """The comparison is inverted: whatever is wrong is right, and the other way round."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.promise = _TakesWhatDiffers()


class LooksAtTheCopy(Judge):
    """What is taken for the source's page is what was sent of it: it is compared with itself."""

    def take(self, event: Event) -> None:
        """The contents of the source's page are those of its last record."""
        if isinstance(event, Memory) and event.side == "source":
            page = self.pages.find(event.block, event.pfn)
            if page is not None and page.last_record is not None:
                event = evolve(event, digest=page.last_record.digest)
        super().take(event)


class FallsOver(Judge):
    """It falls over as soon as it finds something, and nobody reads a verdict."""

    def find(self, rule: str, message: str, page: Page | None = None, **more: Any) -> None:
        """Without a page's story there is nothing to tell."""
        raise AttributeError(f"{rule} has no story")


def said_by(judge: Callable[[str], Judge], recordings: Iterable[Iterable[Event]]) -> Said:
    """The rules that a judge finds broken; none where it comes to no verdict."""
    found: dict[str, None] = {}
    for events in recordings:
        judging = judge("a variant")
        try:
            for event in events:
                judging.take(event)
        except AttributeError:
            return ()
        found |= dict.fromkeys(finding.rule for finding in verdict_of(Evidence(judging)).findings)
    return tuple(found)


@cache
def events_of(name: str) -> tuple[tuple[Event, ...], ...]:
    """The events of the variant's schedule, as the search finds it now."""
    schedule = find_variant(VARIANTS[name], later=0).schedule
    assert schedule is not None
    return observed(to_the_end(schedule))


def _asking(wrong: type[Judge]) -> Callable[[Variant, bool], Said]:
    def ask(variant: Variant, is_wrong: bool) -> Said:
        return said_by(wrong if is_wrong else Judge, events_of(variant.name))

    return ask


def _through_a_pipe(variant: Variant, is_wrong: bool) -> Said:
    """The events go to the judge through a pipe, into which the one before it writes what it finds."""
    recordings = []
    for events in events_of(variant.name):
        half = len(events) // 2
        said = b"verify: pages compared so far: %d\n" % half if is_wrong else b""
        piped = dumps(events[:half]) + said + dumps(events[half:])
        try:
            recordings.append(tuple(read_events(ByteSource(BytesIO(piped), "a pipe"))))
        except Unusable:
            return ()
    return said_by(Judge, recordings)


JUDGES = (
    Mutant(
        "comparison-inverted",
        "oracle",
        "the comparison of the two sides is inverted, so that a difference is taken for none",
        "Promise.settle",
        ("383b41974d", "7449fb36c6"),
        "clear-after-read",
        _asking(ComparesTheWrongWayRound),
    ),
    Mutant(
        "wrong-page-compared",
        "oracle",
        "what is compared with the copy is the copy",
        "Judge.take",
        ("3460eeb3fc",),
        "clear-after-read",
        _asking(LooksAtTheCopy),
    ),
    Mutant(
        "falls-over-at-a-difference",
        "oracle",
        "the check falls over as soon as there is something to say",
        "Judge.find",
        ("36174af3fb",),
        "clear-after-read",
        _asking(FallsOver),
    ),
    Mutant(
        "output-into-the-stream",
        "oracle",
        "what the check prints goes into the stream that is read",
        "dumps",
        ("d36a3734a6",),
        "clear-after-read",
        _through_a_pipe,
    ),
)
