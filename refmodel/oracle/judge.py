"""The judge: the promise's own steps, run on events.

Every event is a step of level A, or an observation of what a page holds. A refusal is a finding; its rule is the guard
that refused. ``page_events``, ``hand_over_events`` and ``checkpoint_events`` say which step an event is;
``residue_events`` is about what level A has no step for.
"""

from refmodel.oracle.checkpoint_events import TakesCheckpoints
from refmodel.oracle.events import VERSION, Begin, Event, OfCheckpoints, OfHandOver, OfPages, OfResidue
from refmodel.oracle.hand_over_events import TakesHandOver
from refmodel.oracle.stepping import MOST_FINDINGS

__all__ = ["MOST_FINDINGS", "Judge"]


class Judge(TakesHandOver, TakesCheckpoints):
    """Takes events one by one; ``summary`` says what they come to."""

    def take(self, event: Event) -> None:
        """Judge one event; Unusable for one that cannot stand where it does."""
        self.number += 1
        if isinstance(event, Begin):
            self._begin(event)
            return
        if self.begin is None:
            raise self.unusable(f"{type(event).__name__.lower()} before begin", "begin as the first event")
        if isinstance(event, OfPages):
            self.take_page(event)
        elif isinstance(event, OfHandOver):
            self.take_hand_over(event)
        elif isinstance(event, OfCheckpoints):
            self.take_checkpoint(event)
        elif isinstance(event, OfResidue):
            self.take_residue(event)
        else:
            self.tell("the log is harvested")

    def _begin(self, event: Begin) -> None:
        if self.begin is not None:
            raise self.unusable("a second begin", "one migration a recording")
        if event.version != VERSION:
            raise self.unusable(f"version {event.version}", f"version {VERSION}")
        self.begin = event
        for block in event.blocks:
            if block.name in self.pages.blocks or block.pages <= 0:
                raise self.unusable(f"block {block.name!r} of {block.pages} pages", "blocks with names of their own")
            self.pages.add_block(block.name, block.pages)
