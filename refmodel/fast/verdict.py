"""From a reading to a verdict: the screen, then the stepwise judge where something was found."""

from typing import Protocol

from attrs import evolve

from refmodel.fast.again import judged_again, told_briefly
from refmodel.fast.columns import Feed
from refmodel.fast.images import Wanted
from refmodel.fast.screen import Screen
from refmodel.oracle.explaining import THE_RULE
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Unchecked, Verdict
from refmodel.unusable import Unusable

__all__ = ["Reading", "judge_reading", "screened", "verdict_on"]

_WHOLE = "the-stream-is-whole"
BRIEF = "the input could be read only once: what was found is told without the pages' stories"


class Reading(Protocol):
    """What is read: columns, once or, with ``again``, as often as wanted."""

    @property
    def where(self) -> str:
        """Its name, for messages."""

    @property
    def again(self) -> bool:
        """Whether it can be read a second time."""

    @property
    def is_stream(self) -> bool:
        """It is bytes of a hypervisor's, whose structure can break."""

    def feed(self, wanted: Wanted | None) -> Feed:
        """All of it; with ``wanted``, it may leave other pages out."""


def screened(reading: Reading, part: range | None = None) -> Screen:
    """The screen after the first reading. Unusable for what cannot be judged."""
    screen = Screen(reading.where, part)
    judge = screen.judge
    try:
        screen.feed(reading.feed(None))
    except BrokenStream as error:
        judge.find(_WHOLE, str(error))
    else:
        judge.counts[_WHOLE] += reading.is_stream
    return screen


def verdict_on(screen: Screen, reading: Reading) -> Verdict:
    """The verdict, with the stepwise judge's findings."""
    judge = screen.judge
    for rule, count in screen.run.counts.items():
        judge.counts[rule] += count
    notes: tuple[str, ...] = ()
    if screen.found:
        if reading.again:
            judge.findings = judged_again(screen, reading.feed)
        else:
            judge.findings = told_briefly(screen)
            notes = (BRIEF,)
    verdict = summary(judge)
    unexplained = Unchecked(THE_RULE.name, f"needs {THE_RULE.needs}")
    return evolve(verdict, notes=(*verdict.notes, *notes), unchecked=(*verdict.unchecked, unexplained))


def judge_reading(reading: Reading) -> Verdict:
    """The verdict on it; unusable input is a verdict too."""
    try:
        return verdict_on(screened(reading), reading)
    except Unusable as error:
        return Verdict("unusable", reason=str(error))
