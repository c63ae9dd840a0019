"""Wrong variants of the part ``log-allocation``: M29; and a sound one."""

from refmodel.logging.log_allocation import A, LogAllocation
from refmodel.variants.variant import Variant

__all__ = ["ALLOCATION_VARIANTS"]

_MACHINE = "bare+second-stage+log-allocation"


class ForgetsTheFailure(LogAllocation[A]):
    def mark_failed(self, m: A, page: int) -> A:
        """There was no memory for the mark, and that is that."""
        return m


class HarvestsWhatThereIs(LogAllocation[A]):
    def is_whole(self, m: A) -> bool:
        """Nobody looks at what the harvest returns."""
        return True


class CountsAllAsDirty(LogAllocation[A]):
    def mark_failed(self, m: A, page: int) -> A:
        """One flag, for which there is always room, says that every page is dirty."""
        return m.but(
            log=m.log.but(dirty=m.log.dirty.filled()),
            ghost=m.ghost.but(noted=m.ghost.noted.filled()),
        )


ALLOCATION_VARIANTS = (
    Variant(
        "lost-mark-forgotten",
        "M29",
        ForgetsTheFailure,
        "there is no memory for a mark, and the harvest succeeds without it",
        ("33fb3a6612", "paging_log_dirty_op"),
        machine=_MACHINE,
    ),
    Variant(
        "failed-harvest-used",
        "M29",
        HarvestsWhatThereIs,
        "the harvest fails, and what it returned is used",
        ("236e0a45f5", "paging_log_dirty_op"),
        machine=_MACHINE,
    ),
    Variant(
        "lost-mark-all-dirty",
        "M29",
        CountsAllAsDirty,
        "when a mark is lost, every page counts as dirty",
        machine=_MACHINE,
        sound=True,
    ),
)
