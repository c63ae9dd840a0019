"""Wrong variants of the reservation, M25 and M26, and one that is sound."""

from refmodel.handover.failure_state import F
from refmodel.handover.reservation import Reservation
from refmodel.state import Phase
from refmodel.variants.variant import Variant

__all__ = ["RESERVATION_CONTROLS", "RESERVATION_VARIANTS"]

_MACHINE = "seed"
_WITH_A_MODE = "seed+log-mode"
_SMALLEST = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class SendsUnasked(Reservation[F]):
    def send_configuration(self, m: F) -> F:
        """The stream begins while the target has not said yet that it can have the guest."""
        return super(Reservation, self).send_configuration(m)


class LeavesTheContainerBehind(Reservation[F]):
    def taken_back(self, m: F) -> F:
        """The target hears that the migration is given up, and keeps what it has reserved."""
        return super().taken_back(m).but(container=m.container)


class LogsAfterARefusal(Reservation[F]):
    def reservation_refused(self, m: F) -> F:
        """The error of the target returns past what stops the log."""
        self.need_question(m)
        return m.but(phase=Phase.ABORTED)


class FreesWhatItWasToldToUse(Reservation[F]):
    def may_free(self, m: F) -> bool:
        """A target that hears nothing any more takes the migration for given up, whatever it was told last."""
        return m.failed.wire


class SaysNothingAndHangsUp(Reservation[F]):
    def taken_back(self, m: F) -> F:
        """The source closes the connection, by which the target finds in its own time that nothing more will come."""
        return self.cut(super().taken_back(m)).but(container=m.container)


RESERVATION_VARIANTS = (
    Variant(
        "sent-before-reservation",
        "M26",
        SendsUnasked,
        "the stream begins before the target has said that it can have the guest",
        ("NSDI'05, stage 1",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="neither a round nor the stop comes before the answer: a refusal ends it with the guest running on",
    ),
    Variant(
        "reservation-left-behind",
        "M25",
        LeavesTheContainerBehind,
        "a migration is given up, and what was reserved for it stays reserved at the target",
        ("NSDI'05, stage 1",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="what is missing is missing at the other host, not to the guest",
    ),
    Variant(
        "refusal-leaves-logging",
        "M25",
        LogsAfterARefusal,
        "the target refuses, and the error returns past what switches the log off",
        ("71c7dff32b", "902fe20d41"),
        machine=_WITH_A_MODE,
        growing=_SMALLEST,
        unnoticed="what is logged in vain costs time alone",
    ),
    Variant(
        "container-freed-after-commit",
        "M26",
        FreesWhatItWasToldToUse,
        "a target that was told to take the guest takes a broken wire for an abort, and frees the guest's container",
        ("969d2f855d",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="a guest that can be started nowhere notices nothing",
    ),
)
RESERVATION_CONTROLS = (
    Variant(
        "abort-by-hanging-up",
        "-",
        SaysNothingAndHangsUp,
        "the source says nothing of an abort and closes the connection; the target frees the container by itself",
        machine=_MACHINE,
        growing=_SMALLEST,
        sound=True,
    ),
)
