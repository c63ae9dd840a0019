"""Images on storage that both hosts reach: one side has them active at a time, and hands them over with the guest.

A host that has images active writes to them, and caches what it writes. So the source flushes its caches and lets the
images go once it stands still, before the commit; the target takes them when it starts the guest; and whoever takes the
guest back takes the images back with it (QEMU's ``bdrv_inactivate_all`` and ``bdrv_activate_all`` [D]).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Contract, State, engine, guest, implies, invariant, need, neg
from refmodel.state import Machine, Phase

__all__ = ["G", "Images", "SharedStorage", "WithImages"]


@frozen(slots=False)
class Images(State):
    """Who has the guest's images active, and what is not on them yet."""

    at_source: bool
    at_target: bool
    cached: bool
    """The source's host has cached writes of the guest that are not on the images."""


@frozen(slots=False)
class WithImages(Machine):
    """The state of a machine whose images are on shared storage."""

    images: Images


G = TypeVar("G", bound=WithImages)


class SharedStorage(HandOverSteps[G]):
    """The images follow the guest: let go before it does, taken with it."""

    def initial(self, anything: G) -> G:
        """The source has them."""
        m = super().initial(anything)
        return m.but(images=m.images.but(at_source=True, at_target=False))

    @guest
    def disk_write(self, m: G) -> G:
        """The guest writes to its disk: for now into the host's cache."""
        need(m.hand_over.source_runs, "the source runs")
        need(m.images.at_source, "the images are active at the source")
        return m.but(images=m.images.but(cached=True))

    @engine
    def inactivate_images(self, m: G) -> G:
        """The source lets the images go. Should the flush fail, this step fails, and the migration is given up."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(m.images.at_source, "the images are active at the source")
        after = self.flushed_images(m)
        return after.but(images=after.images.but(at_source=False))

    def flushed_images(self, m: G) -> G:
        """What was cached is on the images."""
        return m.but(images=m.images.but(cached=False))

    def commit(self, m: G) -> G:
        """The target may take the images from now on."""
        need(neg(m.images.at_source), "the source has let the images go")
        return super().commit(m)

    def activate(self, m: G) -> G:
        """With the guest come its images."""
        after = super().activate(m)
        return after.but(images=after.images.but(at_target=True))

    def taken_back(self, m: G) -> G:
        """With the guest come its images (I-CLEAN)."""
        after = super().taken_back(m)
        return after.but(images=after.images.but(at_source=True))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def one_side_has_the_images_active(self, m: G) -> bool:
        """At most one, at any time."""
        return neg(m.images.at_source & m.images.at_target)

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def the_side_that_runs_has_the_images_active(self, m: G) -> bool:
        """Also after an abort, from wherever it came."""
        hand_over, images = m.hand_over, m.images
        return implies(hand_over.source_runs, images.at_source) & implies(hand_over.target_runs, images.at_target)

    @invariant(Contract.HAND_OVER, "I-ONE", "I-FINAL", goal=True)
    def what_was_let_go_has_been_flushed(self, m: G) -> bool:
        """Else the target reads what the guest had overwritten, and the cache is written over it later."""
        return m.images.at_source | neg(m.images.cached)

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def from_the_commit_on_the_source_has_let_the_images_go(self, m: G) -> bool:
        """The target takes them without asking."""
        return implies(self.is_committed(m) | (m.phase == Phase.AFTER), neg(m.images.at_source))

    @invariant(Contract.HAND_OVER, "I-ONE")
    def the_target_has_the_images_only_once_it_has_started(self, m: G) -> bool:
        """It needs none of them to receive the guest."""
        return implies(m.images.at_target, m.phase == Phase.AFTER)
