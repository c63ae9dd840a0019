"""Wrong variants of ``shared-storage``: M25, M26."""

from refmodel.handover.shared_storage import G, SharedStorage
from refmodel.variants.variant import Variant

__all__ = ["STORAGE_VARIANTS"]

_MACHINE = "bare+shared-storage"
_SMALLEST = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)
"""Who has the images is a matter of hosts: one page and one CPU show it."""


class LeavesImagesInactive(SharedStorage[G]):
    def taken_back(self, m: G) -> G:
        """The source runs on, with its images as it let them go."""
        return super().taken_back(m).but(images=m.images)


class CommitsBeforeItLetsGo(SharedStorage[G]):
    def commit(self, m: G) -> G:
        """The target takes the images at the end of the stream, which the source lets go after that."""
        return super().commit(m.but(images=m.images.but(at_source=False))).but(images=m.images)


class GoesOnUnflushed(SharedStorage[G]):
    def flushed_images(self, m: G) -> G:
        """The flush fails, and the migration completes all the same."""
        return m


STORAGE_VARIANTS = (
    Variant(
        "images-left-inactive",
        "M25",
        LeavesImagesInactive,
        "after an abort the source runs on with inactive images",
        ("1d2acc3162", "403d18ae38", "6dab4c93ec"),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="its next write to a disk fails, and what fails is not something that it reads",
    ),
    Variant(
        "images-taken-too-early",
        "M26",
        CommitsBeforeItLetsGo,
        "the target takes the images before the source has let them go",
        ("a1fbe750fd",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="what a disk holds is not modelled: what two writers make of it is how a guest would notice",
    ),
    Variant(
        "completes-unflushed",
        "M26",
        GoesOnUnflushed,
        "the migration completes although the flush failed, and the two sides see different disks",
        ("0e1146a7a0",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="what a disk holds is not modelled: an old read of it is how a guest would notice",
    ),
)
