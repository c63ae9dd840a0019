"""The judge's way with the hand-over: who runs, who may, and from where the guest could still go on."""

from refmodel.checkpointed_promise import CheckpointedLedger
from refmodel.oracle.events import (
    Abort,
    Acknowledge,
    Activate,
    Commit,
    Destroy,
    Done,
    Fence,
    Images,
    Lost,
    OfHandOver,
    Pause,
)
from refmodel.oracle.page_events import TakesPages
from refmodel.oracle.residue_events import TakesResidue
from refmodel.oracle.rules import OF_CHECKPOINTS, OF_HOSTS

__all__ = ["TakesHandOver"]

_RUNS = "one-side-runs"
_LEFT, _KEPT, _IMAGES = OF_HOSTS
_DROPPED = OF_CHECKPOINTS[-1]


class TakesHandOver(TakesPages, TakesResidue):
    """What a judge has to do about it."""

    def take_hand_over(self, event: OfHandOver) -> None:
        """Judge one event of the hand-over."""
        match event:
            case Pause():
                self.paused = True
                self.tell("the source's vCPUs stand still")
                self.step(_RUNS, "stop")
            case Commit(context):
                if context and not self.ledger.source_runs:
                    self.step(_RUNS, "deliver_table")
                    self.step(_RUNS, "settle_context")
                self.step(_RUNS, "give_up")
            case Acknowledge():
                self.step(_KEPT, "acknowledge")
            case Destroy():
                self.step(_KEPT, "discard")
            case Activate():
                if self.is_first(event):
                    self._settle_pages()
                self.step(_RUNS, "start_target")
            case Done():
                self._done(event)
            case Images(side, active, flushed):
                there = side == "target"
                self.tell(f"the {side} {'takes the images' if active else 'lets the images go'}")
                step, more = ("take_images", ()) if active else ("let_images_go", (flushed,))
                self.step(_IMAGES, step, there, *more)
            case Fence():
                self.step(_RUNS, "fence")
            case Lost():
                self.tell("the source's host has died")
                self.step(_RUNS, "lose_source")
            case Abort():
                self._given_up(event)

    def _done(self, event: Done) -> None:
        if not self.has_come(Activate):
            raise self.unusable("done before activate", "done once a target that dropped pages has them all")
        for page in self.pages.missing(limit=1000, discarded=True) if self.is_first(event) else ():
            self.find("every-page-is-sent", "the target dropped the page at the switch; it was never sent again", page)

    def _given_up(self, event: Abort) -> None:
        self.ended = event
        self.counts[_RUNS] += 1  # what is to be checked of a migration that hands nothing over
        ledger = self.ledger
        if ledger.given_up or ledger.target_runs:
            self.find(_RUNS, "given up after the source had given up its right to run")
            return
        if event.runs and not ledger.source_runs:
            self.step(_RUNS, "resume")
        elif ledger.source_runs and not event.runs:
            self.step(_RUNS, "stop")
        if isinstance(ledger, CheckpointedLedger) and ledger.exists:
            self.step(_DROPPED, "forget", event.told)
        self.step(_LEFT, "abandon")
        self.leaves_nothing(event)
