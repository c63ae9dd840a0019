"""The judge's way with checkpoints: the ledger learns of them with the first such event, and never without one."""

from typing import Any

from attrs import fields

from refmodel.checkpointed_promise import CheckpointedLedger, CheckpointedPromise
from refmodel.oracle.events import Checkpoint, Emit, OfCheckpoints, Output, Resume, Takeover, Whole
from refmodel.oracle.inplace import Cells, Nothing, unbounded_ledger
from refmodel.oracle.pages import Page
from refmodel.oracle.rules import OF_CHECKPOINTS
from refmodel.oracle.stepping import Stepping
from refmodel.promise import Ledger, Visible

__all__ = ["TakesCheckpoints"]

_TAKEOVER, _OUTPUT, _ = OF_CHECKPOINTS


class TakesCheckpoints(Stepping):
    """What a judge has to do about them."""

    has_checkpoint = False
    """One has been taken."""

    def take_checkpoint(self, event: OfCheckpoints) -> None:
        """Judge one event of a guest that is checkpointed."""
        self._protected()
        match event:
            case Checkpoint():
                self.tell("a checkpoint is taken")
                self.has_checkpoint = True
                if self.step("one-side-runs", "capture"):
                    self.ledger = self.ledger.but(taken=_copied(self.ledger.last))
            case Resume():
                self.paused = False
                self.tell("the source's vCPUs go on")
                self.step("one-side-runs", "resume")
            case Whole():
                if not self.has_checkpoint:
                    raise self.unusable("whole before checkpoint", "checkpoint before the event that it is whole")
                self.tell("the target has all of the checkpoint")
                self.step("one-side-runs", "whole")
            case Emit(packet):
                self.step("stores-only-where-the-guest-runs", "emit", packet)
            case Output(packet):
                self.step(_OUTPUT, "release", packet)
            case Takeover(context):
                if self.is_first(event):
                    self._take_over(context)

    def _protected(self) -> CheckpointedLedger:
        """The ledger, which knows of checkpoints from now on."""
        if not isinstance(self.ledger, CheckpointedLedger):
            known = {field.name: getattr(self.ledger, field.name) for field in fields(Ledger)}
            self.promise = CheckpointedPromise()
            self.ledger = unbounded_ledger(CheckpointedLedger).but(**known)
            self.counts |= dict.fromkeys(OF_CHECKPOINTS, 0)
        assert isinstance(self.ledger, CheckpointedLedger)
        return self.ledger

    def _take_over(self, context: bool) -> None:
        """The guest is about to go on: what the target holds must be the last whole checkpoint."""
        ledger = self._protected()
        self.counts[_TAKEOVER] += 1
        if not ledger.exists:
            self.find(_TAKEOVER, "take_over needs that there is a whole checkpoint")
        elif not context:
            self.find(_TAKEOVER, "table, registers or devices are not those of the checkpoint")
        for page in self.pages.seen() if ledger.exists else ():
            self._compare(ledger, page)
        self.counts["every-page-is-sent"] += self.pages.total
        for page in self.pages.missing(limit=1000, discarded=False):
            self.find("every-page-is-sent", "the page was never sent", page)
        if ledger.exists:
            self.step("one-side-runs", "take_over")
            last, held = _copied(self.ledger.last), _copied(self.ledger.held)
            self.ledger = self.ledger.but(last=last, held=held)

    def _compare(self, ledger: CheckpointedLedger, page: Page) -> None:
        if page.is_released:
            return
        held: Any = ledger.held.memory[page.number, 0] if page.target is None else page.target
        then: Any = ledger.checkpoint.memory[page.number, 0]
        if isinstance(held, Nothing) or isinstance(then, Nothing):
            return
        self.counts[_TAKEOVER] += 1
        if held != then:
            self.find(_TAKEOVER, f"the target holds {held} of the page; in the checkpoint it is {then}", page)


def _copied(seen: Visible) -> Visible:
    """What goes its own way from now on; persistent maps do so by themselves."""
    memory: Any = seen.memory
    return seen.but(memory=memory.copy()) if isinstance(memory, Cells) else seen
