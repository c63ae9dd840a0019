"""A slice of a campaign: what a worker of the cluster does with one task, in a folder of its own.

It begins with what the store has. Every few seconds it puts there what is new, takes what others have put there, and
looks whether the session is over. So a worker that dies loses what it did in those seconds, and no more.
"""

import tempfile
import time
from pathlib import Path

from attrs import define, field, frozen

from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.statistics import load
from fuzz.campaigns.store import FolderStore, merge
from fuzz.cluster.bundle import bundles
from fuzz.cluster.store import Shared
from refmodel.unusable import Unusable

__all__ = ["Done", "Slice", "fuzzed"]


@frozen
class Slice:
    """What a task is: everything that a worker has to know."""

    store: str
    identity: bytes
    session: str
    number: int
    target: str
    machine: str
    variant: str | None
    feedback: str
    judge: str
    seed: int
    seconds: float
    runs: int | None
    timeout: float
    every: float
    """Seconds between two exchanges with the store."""


@frozen
class Done:
    """What a slice came to, beside what is in the store."""

    number: int
    runs: int = 0
    again: int = 0
    restarts: int = 0
    features: int = 0
    met: bytes = field(default=b"", repr=False)
    """The abstract states, as a bit map."""
    warnings: tuple[str, ...] = ()
    unusable: tuple[str, str, str] | None = None
    """Why nothing could be done."""


class _Over(Exception):
    """The session is over."""


@define
class _Exchange:
    """What goes to and comes from the store."""

    shared: Shared
    task: Slice
    folder: Path
    last: float = field(factory=time.monotonic)
    sent: set[str] = field(factory=set)
    warnings: list[str] = field(factory=list)

    def progress(self, summary: Summary) -> None:
        """Called by the campaign, twice a second."""
        if time.monotonic() - self.last < self.task.every:
            return
        self.both_ways()
        self.last = time.monotonic()
        if self.shared.is_stopped(self.task.session):
            raise _Over

    def both_ways(self) -> None:
        corpus = FolderStore(self.folder / "corpus")
        try:
            for into, other in ((self.shared.corpus, corpus), (corpus, self.shared.corpus)):
                self.warnings += map(str, merge(into, other).errors)
            for bundle in bundles(self.folder / "findings"):
                self.shared.findings.put(bundle)
        except OSError as error:  # the next exchange makes up for it
            self.warnings.append(f"{self.shared.url}: {error}")


def fuzzed(task: Slice) -> Done:
    """Fuzz for a slice of time; everything new is in the store at the end."""
    with tempfile.TemporaryDirectory(prefix="refmodel-slice-") as place:
        folder = Path(place)
        (folder / "corpus").mkdir()
        (folder / "findings").mkdir()
        try:
            shared = Shared.at(task.store)
            shared.check(task.identity)
            exchange = _Exchange(shared, task, folder)
            exchange.both_ways()
            plan = Plan(
                folder, task.machine, task.variant, task.seconds, task.runs, task.seed, task.feedback, task.judge,
                task.target, keep_going=True, timeout=task.timeout,
            )  # fmt: skip
            try:
                warnings = run_campaign(plan, exchange.progress).warnings
            except _Over:
                warnings = ()
        except Unusable as error:
            return Done(task.number, unusable=(error.where, error.what, error.expected))
        exchange.both_ways()
        counts = load(folder / "statistics.json")
        return Done(
            task.number, counts.runs, counts.again, counts.restarts, counts.features, bytes(counts.met),
            (*warnings, *exchange.warnings),
        )  # fmt: skip
