"""Wrong variants of the part ``two-clients``: M27."""

from refmodel.logging.log_mode import LogDirtyMode
from refmodel.logging.two_clients import T, TwoClients
from refmodel.variants.variant import Variant

__all__ = ["TWO_CLIENT_VARIANTS"]

_MACHINE = "bare+second-stage+two-clients"


class TakesTheBitsOfBoth(TwoClients[T]):
    def track_clean(self, m: T, page: int) -> T:
        """There is one bitmap: what the tracker has read is gone for migration as well."""
        after = super().track_clean(m, page)
        return after.but(log=after.log.but(dirty=after.log.dirty.discard(page)))


class BeginsWithAnEmptyLog(TwoClients[T]):
    def track_start(self, m: T) -> T:
        """The tracker's start initialises the bitmap, which migration is using."""
        after = super().track_start(m)
        return after.but(log=after.log.but(dirty=after.log.dirty.cleared()))


class StopsForAll(TwoClients[T]):
    def track_stop(self, m: T) -> T:
        """Whoever stops first stops the log."""
        return self.switched_off(super().track_stop(m))


class StartsAgain(TwoClients[T]):
    def enabled(self, m: T) -> T:
        """Every page counts as read-only from a start on, also from a second one, which finds nothing to do."""
        return super().enabled(LogDirtyMode.enabled(self, m))


class TearsDownUnderAClient(TwoClients[T]):
    def is_unused(self, m: T) -> bool:
        """That the last client has gone is not looked at again."""
        return True


TWO_CLIENT_VARIANTS = (
    Variant(
        "tracker-takes-the-bits",
        "M27",
        TakesTheBitsOfBoth,
        "the tracker of video memory clears bits that migration has not read",
        ("fd91a2a662",),
        machine=_MACHINE,
    ),
    Variant(
        "start-empties-log",
        "M27",
        BeginsWithAnEmptyLog,
        "the second client's start clears the bitmap that the first is using",
        ("c42f21961b",),
        machine=_MACHINE,
    ),
    Variant(
        "stop-for-all",
        "M27",
        StopsForAll,
        "logging stops when the first of two clients stops",
        ("7b0538ed3a",),
        machine=_MACHINE,
    ),
    Variant(
        "start-again",
        "M27",
        StartsAgain,
        "migration starts a log that is on already: pages count as protected that have been written since",
        ("7b0538ed3a", "enable_logdirty"),
        machine=_MACHINE,
    ),
    Variant(
        "torn-down-under-a-client",
        "M27",
        TearsDownUnderAClient,
        "a client starts while the mode is being torn down, and is without it",
        ("4f4db53784",),
        machine=_MACHINE,
    ),
)
