"""A campaign on a Dask cluster: slices handed out as long as there is time, and all that they find brought in here."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4
from zlib import crc32

import attrs
import orjson
from attrs import define, field

from fuzz.campaigns.folder import Folder, opened
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.standing import summary_of
from fuzz.campaigns.statistics import Statistics
from fuzz.campaigns.store import merge
from fuzz.cluster.bundle import taken
from fuzz.cluster.slice import Done, Slice, fuzzed
from fuzz.cluster.store import Shared
from refmodel.unusable import Unusable

__all__ = ["SLICE", "run_on_cluster"]

SLICE = 60.0
"""Seconds of a slice: a worker that joins is used, and one that leaves is missed, within a minute."""
_EVERY = 5.0
_LOOK = 2.0
"""Seconds between two looks into the store from here."""
_PATIENCE = 30.0
"""Seconds in which the scheduler has to answer, and a first worker to be there."""
_GRACE = 20.0
_MOST_LOST = 5
"""Slices lost one after the other, with none done between: then something is wrong that does not pass."""


def run_on_cluster(
    plan: Plan,
    address: str,
    store: str,
    progress: Callable[[Summary], object] = lambda summary: None,
    slice_seconds: float = SLICE,
    every: float = _EVERY,
) -> Summary:
    """Fuzz on every thread of the workers, or on as many as the plan says at most, until the time is over, or something
    is found unless it is to keep going.

    The campaign's folder here has all of its corpus and its findings at the end. Unusable when there is no such
    cluster, no worker in it, no store that all of them reach, or where the scheduler goes.
    """
    with opened(plan) as folder, _connected(address) as client:
        shared = Shared.at(store)
        identity = orjson.dumps(attrs.asdict(folder.identity), option=orjson.OPT_SORT_KEYS)
        shared.begin(identity)
        campaign = _Campaign(plan, folder, progress, client, shared, identity, slice_seconds, every)
        try:
            campaign.run()
        except OSError as error:  # not the store's: of those the campaign is warned, and goes on
            said = str(error) or "it answers no more"
            raise Unusable(f"--cluster {address}", said, "a Dask scheduler that stays") from None
        finally:
            campaign.end()
        return campaign.summary()


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.ERROR)  # what is lost is told as a warning of the campaign
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise Unusable(f"--cluster {address}", str(error) or "no answer", "the address of a Dask scheduler") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise Unusable(f"--cluster {address}", "no worker in it", "dask worker ADDRESS --nthreads 1") from None
        yield client


@define
class _Campaign:
    plan: Plan
    folder: Folder
    progress: Callable[[Summary], object]
    client: Any
    shared: Shared
    identity: bytes
    slice_seconds: float
    every: float
    session: str = field(factory=lambda: uuid4().hex)
    running: dict[int, Any] = field(factory=dict)
    """Futures by the numbers of their slices."""
    given: int = 0
    lost: int = 0
    runs: int = 0
    new: int = 0
    workers: int = 0
    began: float = field(factory=time.monotonic)
    seconds_before: float = field(init=False)
    known: set[str] = field(factory=set)
    """Findings in the store that have been looked at."""

    def __attrs_post_init__(self) -> None:
        self.seconds_before = self.folder.statistics.seconds

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began

    def run(self) -> None:
        """Hand out slices as long as there is time, one a thread."""
        looked = -_LOOK
        while not self._over():
            if self.spent < self.plan.seconds:
                self._hand_out()
            if self.spent - looked >= _LOOK:
                looked = self.spent
                self._bring_in()
                self.progress(self.summary())
            time.sleep(0.1)
            self._follow()

    def _over(self) -> bool:
        if self.new and not self.plan.keep_going:
            return True
        if self.plan.runs is not None and self.runs >= self.plan.runs:
            return True
        late = self.spent > self.plan.seconds
        return late and (not self.running or self.spent > self.plan.seconds + self.slice_seconds + _GRACE)

    def _hand_out(self) -> None:
        threads = sum(self.client.nthreads().values())
        self.workers = threads if self.plan.workers is None else min(threads, self.plan.workers)
        while len(self.running) < self.workers:
            self.given += 1
            self.running[self.given] = self.client.submit(
                fuzzed, self._slice(self.given), pure=False, key=f"fuzz-{self.session}-{self.given}"
            )

    def _slice(self, number: int) -> Slice:
        of, plan = self.folder.identity, self.plan
        seed = 1 + crc32(f"{of.seed} {self.folder.statistics.sessions} {number}".encode()) % (2**31 - 2)
        seconds = max(1.0, min(self.slice_seconds, plan.seconds - self.spent))
        runs = None if plan.runs is None else max(1, -(-(plan.runs - self.runs) // max(1, self.workers)))
        return Slice(
            self.shared.url, self.identity, self.session, number, of.target, of.machine, of.variant, of.feedback,
            of.judge, seed, seconds, runs, plan.timeout, self.every,
        )  # fmt: skip

    def _follow(self) -> None:
        for number, future in list(self.running.items()):
            if not future.done():
                continue
            del self.running[number]
            if future.status != "finished":
                self.lost += 1
                self.folder.statistics.restarts += 1
                error = future.exception() if future.status == "error" else future.status
                self.folder.warn(f"a slice is lost: {type(error).__name__}")
                if self.lost >= _MOST_LOST:
                    raise Unusable(
                        "--cluster", f"{self.lost} slices are lost, the last by {error}", "workers that stay"
                    )
                continue
            self.lost = 0
            self._count(future.result())

    def _count(self, done: Done) -> None:
        if done.unusable is not None:
            raise Unusable(*done.unusable)
        counts = self.folder.statistics
        self.runs += done.runs
        counts.runs += done.runs
        counts.again += done.again
        counts.restarts += done.restarts
        counts.seconds = self.seconds_before + self.spent
        counts.add_features(done.features)
        met = Statistics(met=bytearray(done.met)).met if done.met else b""
        counts.add_states(at * 8 + bit for at, byte in enumerate(met) for bit in range(8) if byte >> bit & 1)
        for warning in done.warnings:
            self.folder.warn(warning)

    def _bring_in(self) -> None:
        """Both ways between the store and the folder here, which may be that of a campaign that is resumed."""
        self.folder.statistics.seconds = self.seconds_before + self.spent
        with self.folder.going_on(f"{self.shared.url}: not exchanged"):
            for into, other in ((self.shared.corpus, self.folder.corpus), (self.folder.corpus, self.shared.corpus)):
                for error in merge(into, other).errors:
                    self.folder.warn(str(error))
            for name in sorted(self.shared.findings.names() - self.known):
                try:
                    self.new += taken(self.folder, self.shared.findings.get(name))
                except Unusable as error:
                    self.folder.warn(str(error))
                self.known.add(name)
        self.folder.look()
        self.folder.save()

    def end(self) -> None:
        """Let the slices end, and bring in what they leave."""
        with contextlib.suppress(OSError):
            self.shared.stop(self.session)
        until = time.monotonic() + self.every + _GRACE
        while any(not future.done() for future in self.running.values()) and time.monotonic() < until:
            time.sleep(0.1)
        with contextlib.suppress(Unusable):
            self._follow()
        with contextlib.suppress(OSError, RuntimeError):  # where the scheduler has gone
            self.client.cancel(list(self.running.values()))
        self._bring_in()

    def summary(self) -> Summary:
        """How the campaign stands."""
        return summary_of(self.folder, self.workers, self.new, self.runs / self.spent if self.spent else 0.0)
