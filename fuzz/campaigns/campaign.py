"""A campaign in progress: workers started, followed and replaced, and all that they report kept before it is told."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from subprocess import TimeoutExpired
from typing import Any

from attrs import define, field

from fuzz.campaigns.folder import Folder, opened
from fuzz.campaigns.found import Reported, reported
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.process import Process
from fuzz.campaigns.slot import AT_ONCE, Slot
from fuzz.campaigns.standing import summary_of
from fuzz.campaigns.store import name_of
from fuzz.engine import needs_atheris
from refmodel.unusable import Unusable

__all__ = ["run_campaign"]

_GRACE = 20.0
"""Seconds after its time at which a worker that has not ended is ended by us: it may be shrinking a finding."""
_EVERY = 0.5
_LOOK_EVERY = 5.0
"""Seconds between two times that all is brought in and written down, and that the corpus is looked at for inputs that
somebody else has put there."""
_PATIENCE = 2.0
"""Seconds after which a file in the corpus that is not named as its content is no longer being written."""
_SILENT = 120.0
"""Seconds, over those of a hanging input, after which a worker that tells nothing is replaced."""


def run_campaign(plan: Plan, progress: Callable[[Summary], object] = lambda summary: None) -> Summary:
    """Fuzz until the time or the runs are over, or something is found, unless it is to keep going.

    ``progress`` is told now and then how the campaign stands, all of which is on the disk by then. Unusable when the
    folder cannot be written, has a name that is not UTF-8, or holds something else, when there is no such target,
    machine or variant, and when workers end as soon as they begin.
    """
    needs_atheris()
    _need_utf_8(plan.folder)
    with opened(plan) as folder:
        campaign = _Campaign(plan, folder, progress)
        try:
            campaign.run()
        finally:  # also when the user interrupts
            campaign.end()
        return campaign.summary()


def _need_utf_8(folder: Path) -> None:
    """Atheris hands on arguments of UTF-8 alone."""
    try:
        os.fsencode(folder).decode()
    except UnicodeDecodeError:
        raise Unusable(str(folder), "the name is not UTF-8, which atheris needs", "a folder of another name") from None


@define
class _Campaign:
    plan: Plan
    folder: Folder
    progress: Callable[[Summary], object]
    slots: list[Slot] = field(factory=list)
    selector: DefaultSelector = field(factory=DefaultSelector)
    began: float = field(factory=time.monotonic)
    seconds_before: float = 0.0
    runs: int = 0
    new: int = 0
    looked: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.slots = [Slot(number) for number in range(self.plan.workers_here)]
        self.seconds_before = self.folder.statistics.seconds
        self.looked = self.began

    def run(self) -> None:
        """Until it is over."""
        saved = self.began
        while not self._over():
            now = time.monotonic()
            for slot in self.slots:
                if slot.process is None and not slot.done and now >= slot.next_at:
                    self._start(slot)
            for key, _ in self.selector.select(_EVERY / 2):
                self._follow(key.data)
            if time.monotonic() - saved >= _EVERY:
                self._end_the_silent()
                self._keep()
                saved = time.monotonic()
                self.progress(self.summary())

    def _over(self) -> bool:
        if self.new and not self.plan.keep_going:
            return True
        now = time.monotonic() - self.began
        if now > self.plan.seconds and all(slot.process is None for slot in self.slots):
            return True
        return now > self.plan.seconds + _GRACE or all(slot.done for slot in self.slots)

    def end(self) -> None:
        """End the workers, keep what they have written, and write all down."""
        for slot in self.slots:
            if slot.process is not None:
                slot.process.popen.kill()
                self._take(slot.process, slot.process.told() or [])
                if self.plan.keep_going or not self.new:  # else it ends for the finding that it has
                    self._add_draft(slot.process)
                slot.process.end()
        self._keep()
        self.selector.close()

    def _start(self, slot: Slot) -> None:
        left = self.plan.seconds - (time.monotonic() - self.began)
        try:
            process = slot.started(self.plan, self.folder, left)
        except OSError as error:
            said = f"worker {slot.number} cannot be started: {error.strerror or error}"
            self.folder.warn(said)
            slot.pause(at_once=True, explained=False, said=said, log=self.folder.log)
            return
        if process is not None:
            self.selector.register(process.pipe, EVENT_READ, slot)

    def _follow(self, slot: Slot) -> None:
        """Take what a worker tells; a pipe that is closed says that it has ended."""
        process = slot.process
        assert process is not None
        lines = process.told()
        if lines is None:
            self._ended(slot, process)
        else:
            self._take(process, lines)

    def _take(self, process: Process, lines: list[dict[str, Any]]) -> None:
        self.folder.statistics.seconds = self._seconds()
        for line in lines:
            self._count(process, line["runs"], line["again"])
            self.folder.statistics.add_states(line["new"])
            process.draft = reported(line["draft"]) if "draft" in line else None
            if "found" in line:
                self._add(reported(line["found"]))

    def _count(self, process: Process, runs: int, again: int) -> None:
        self.runs += runs - process.runs
        self.folder.statistics.runs += runs - process.runs
        self.folder.statistics.again += again - process.again
        process.runs, process.again = runs, again

    def _seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.began

    def _add(self, found: Reported) -> None:
        with self.folder.going_on(f"{self.folder.findings.folder}: a finding is not written"):
            added = False
            try:
                added = self.folder.findings.add(found)
            except OSError:
                added = True
                raise
            finally:
                self.new += added
                self.folder.statistics.again += not added

    def _add_draft(self, process: Process) -> bool:
        """Keep what a worker has not come to shrink, unless a finding of the same rule is there: it may be that."""
        if process.draft is None:
            return False
        if process.draft.rule not in self.folder.findings.rules.values():
            self.folder.warn("a worker ended before a finding was shrunk: it is kept as it was met")
            self._add(process.draft)
        return True

    def _ended(self, slot: Slot, process: Process) -> None:
        """Let go of a worker that has ended: over its time or its runs, or not as it should."""
        self.selector.unregister(process.pipe)
        with contextlib.suppress(TimeoutExpired):
            process.popen.wait(_GRACE)
        process.end()
        self._count(process, process.counted(), process.again)
        before = self.new
        slot.process, slot.runs = None, slot.runs + process.runs
        self._bring_in(process)
        left = process.left()
        was_shrinking = self._add_draft(process)
        for found in left:
            self.folder.discard(name_of(found.input))  # the next worker would end at it too
            if not was_shrinking:
                self._add(found)
        if process.popen.returncode == 0:
            slot.done = True
            return
        self.folder.statistics.restarts += 1
        said = f"a worker ended with status {process.popen.returncode}: {process.last_line()}"
        if process.popen.returncode == 2 and not process.runs:  # what it cannot use now it cannot use then
            raise Unusable(str(process.log), said, "a worker that begins")
        if not left:
            self.folder.warn(said)
        lasted = self.new > before or time.monotonic() - process.since > AT_ONCE
        slot.pause(at_once=not lasted, explained=bool(left), said=said, log=process.log)

    def _end_the_silent(self) -> None:
        for slot in self.slots:
            process = slot.process
            if process is not None and time.monotonic() - process.heard > self.plan.timeout + _SILENT:
                self.folder.warn(f"worker {slot.number} told nothing for {self.plan.timeout + _SILENT:.0f} s")
                process.popen.kill()

    def _keep(self) -> None:
        """Bring in what the workers have written, hand it on, and write all down."""
        now, statistics = time.monotonic(), self.folder.statistics
        statistics.seconds = self._seconds()
        if now - self.looked > _LOOK_EVERY:
            self.looked = now
            for name in self.folder.look(_PATIENCE):
                with contextlib.suppress(Unusable):
                    self._hand(None, [(name, self.folder.corpus.get(name))])
        for process in self._processes():
            with self.folder.going_on(f"{process.log}: not read"):
                process.look_at_log()
            statistics.add_features(process.features)
            self._bring_in(process)
        for process in self._processes():
            with self.folder.going_on(f"{process.corpus}: not touched"):
                process.touch()
        self.folder.save()

    def _processes(self) -> list[Process]:
        return [slot.process for slot in self.slots if slot.process is not None]

    def _bring_in(self, process: Process) -> None:
        self._hand(process, self.folder.bring_in(process.corpus, process.seen))

    def _hand(self, of: Process | None, new: list[tuple[str, bytes]]) -> None:
        """Give the inputs to all other workers."""
        for process in self._processes():
            if process is not of:
                with self.folder.going_on(f"{process.corpus}: an input of another worker is not handed on"):
                    for name, data in new:
                        process.hand(name, data)

    def summary(self) -> Summary:
        """How the campaign stands."""
        return summary_of(self.folder, self.plan.workers_here, self.new, self.runs / (time.monotonic() - self.began))
