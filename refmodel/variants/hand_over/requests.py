"""Wrong variants of ``requests``: M05."""

from refmodel.handover.requests import R, Requests
from refmodel.language import need, neg
from refmodel.state import Phase
from refmodel.variants.variant import Variant

__all__ = ["REQUEST_VARIANTS"]

_MACHINE = "bare+requests"
_SMALLEST = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class HarvestsBeforeItDrains(Requests[R]):
    def is_quiet(self, m: R) -> bool:
        """A request that has begun to write is not waited for."""
        return super().is_quiet(m.but(requests=m.requests.but(written=m.requests.written.cleared())))


class CarriesWhatMayStillBeDone(Requests[R]):
    def request_carry(self, m: R, dev: int) -> R:
        """The device's state is captured while the device goes on."""
        need((m.phase == Phase.LIVE) | (m.phase == Phase.STOP_AND_COPY), "rounds run, or have ended")
        need(m.requests.submitted[dev] & neg(m.requests.carried[dev]), "a request has not been carried over")
        return m.but(requests=m.requests.but(carried=m.requests.carried.add(dev)))


class LeavesRequestsBehind(Requests[R]):
    def is_settled(self, m: R) -> bool:
        """The commit waits for no device's state."""
        return super().is_settled(m.but(requests=m.requests.but(submitted=m.requests.submitted.cleared())))


REQUEST_VARIANTS = (
    Variant(
        "harvest-before-drain",
        "M05",
        HarvestsBeforeItDrains,
        "the last harvest comes while a request is half done: what it wrote is never sent",
        ("c194f63cf4",),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
    Variant(
        "request-done-twice",
        "M05",
        CarriesWhatMayStillBeDone,
        "a device's state is captured while it may still do the request, which the target then does again",
        ("507912385a",),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
    Variant(
        "request-left-behind",
        "M05",
        LeavesRequestsBehind,
        "a request in flight is neither drained nor carried over: the guest waits for it for ever",
        ("c194f63cf4",),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
)
