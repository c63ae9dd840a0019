"""Level A, the guest's disks: images that both hosts reach are active at one side, the one that runs the guest.

A guest whose images are not on shared storage never lets them go.
"""

from refmodel.language import Contract, Flag, engine, invariant, need, neg, pick
from refmodel.ledger import Ledger
from refmodel.right_to_run import RightToRun

__all__ = ["RightToImages"]


class RightToImages(RightToRun):
    """Let go once the source stands still, with nothing unwritten; taken by whoever goes on."""

    def initial(self, anything: Ledger) -> Ledger:
        """The source has them."""
        return super().initial(anything).but(images_at_source=True, images_at_target=False)

    @engine
    def let_images_go(self, a: Ledger, there: Flag, flushed: Flag) -> Ledger:
        """The source lets them go, or the target (``there``); ``flushed``: with all that its host had cached."""
        need(neg(pick(there, a.target_runs, a.source_runs)), "the guest stands still on that side")
        need(flushed, "what was cached has been flushed")
        return a.but(images_at_source=a.images_at_source & there, images_at_target=a.images_at_target & neg(there))

    @engine
    def take_images(self, a: Ledger, there: Flag) -> Ledger:
        """The source takes them (back), or the target."""
        need(neg(pick(there, a.images_at_source, a.images_at_target)), "the other side has let the images go")
        return a.but(images_at_source=a.images_at_source | neg(there), images_at_target=a.images_at_target | there)

    def abandon(self, a: Ledger) -> Ledger:
        """Its next write to a disk would fail."""
        need(a.images_at_source, "the source has its images back")
        return super().abandon(a)

    @invariant(Contract.PROMISE, "I-ONE", goal=True)
    def one_side_has_the_images(self, a: Ledger) -> bool:
        """At most one, at any time."""
        return neg(a.images_at_source & a.images_at_target)
