"""Requests to devices that are in flight at the pause: each is completed at one side, not at both, and not at neither.

One that has begun to write guest memory is drained: it completes before the last harvest, and its page is marked. One
that has not can wait: the device stops, its state travels with the request in it, and the target starts it anew (QEMU
keeps a list of requests to restart for a disk error, virtio devices their rings' indices [D]). What a request writes
after the pause may as well have been written before it; what is still to be done then is to mark.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import (
    Contract,
    Dev,
    Pfn,
    Set,
    State,
    Value,
    Vpn,
    Word,
    engine,
    guest,
    iff,
    implies,
    invariant,
    law,
    need,
    neg,
)
from refmodel.state import Machine, Phase

__all__ = ["R", "Requests", "RequestsInFlight", "WithRequests"]


@frozen(slots=False)
class RequestsInFlight(State):
    """At most one request a device: the guest has submitted it, and has not been told that it is complete."""

    submitted: Set[Dev]
    written: Set[tuple[Dev, Pfn]]
    """Pages that a request has written, and that are to be marked when it completes."""
    carried: Set[Dev]
    """Devices whose state has travelled with the request in it: the target starts it anew."""


@frozen(slots=False)
class WithRequests(Machine):
    """The state of a machine with requests in flight."""

    requests: RequestsInFlight


R = TypeVar("R", bound=WithRequests)


class Requests(HandOverSteps[R]):
    """Submitted, written, completed; at the pause what was written is drained, and the rest is carried over."""

    def initial(self, anything: R) -> R:
        """Any device may have a request that has written nothing yet."""
        m = super().initial(anything)
        return m.but(
            requests=m.requests.but(written=m.requests.written.cleared(), carried=m.requests.carried.cleared())
        )

    def is_to_be_marked(self, m: R, page: int) -> bool:
        """A request that is not complete has written the page."""
        return super().is_to_be_marked(m, page) | neg(m.requests.written.never(lambda d, p: p == page))

    def is_quiet(self, m: R) -> bool:
        """Every request that has begun to write is complete."""
        return super().is_quiet(m) & m.requests.written.is_empty

    def is_settled(self, m: R) -> bool:
        """Every request that is not complete has been carried over."""
        return super().is_settled(m) & (m.requests.submitted - m.requests.carried).is_empty

    @guest
    def request_submit(self, m: R, dev: Dev) -> R:
        """The guest submits a request."""
        need(self.runs(m), "the source runs")
        need(neg(m.requests.submitted[dev]), "the device has no request in flight")
        return m.but(requests=m.requests.but(submitted=m.requests.submitted.add(dev)))

    @guest
    def request_write(self, m: R, dev: Dev, page: Pfn, word: Word, value: Value) -> R:
        """The device writes a word of the request's data."""
        need(m.hand_over.source_runs, "the source runs")
        need(m.requests.submitted[dev], "the device has a request in flight")
        need(self.is_data(m, page), "no shadow follows what the page holds")
        after = self.stored(m, page, word, value)
        return after.but(requests=m.requests.but(written=m.requests.written.add((dev, page))))

    @guest
    def request_mark(self, m: R, dev: Dev, page: Pfn) -> R:
        """The device is done with a page: it is marked, while a migration runs."""
        need(m.hand_over.source_runs, "the source runs")
        return self.done_with(m, dev, page)

    @guest
    def request_complete(self, m: R, dev: Dev) -> R:
        """The guest is told that its request is complete."""
        need(m.hand_over.source_runs, "the source runs")
        return self.completed_request(m, dev)

    @engine
    def request_drain(self, m: R, dev: Dev, page: Pfn) -> R:
        """At the pause a request that has begun to write comes to its end."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        return self.completed_request(self.done_with(m, dev, page), dev)

    def done_with(self, m: R, dev: int, page: int) -> R:
        """What the request wrote to the page is marked, while a migration runs."""
        need(m.requests.written[dev, page], "the request has written the page")
        done = m.but(requests=m.requests.but(written=m.requests.written.discard((dev, page))))
        if self.is_migrating(m):
            return self.marked(done, page)
        return done

    def completed_request(self, m: R, dev: int) -> R:
        """Nothing is left to do for it, once all that it wrote is marked."""
        need(m.requests.submitted[dev], "the device has a request in flight")
        more = neg(m.requests.written.never(lambda d, p: d == dev))
        return m.but(requests=m.requests.but(submitted=m.requests.submitted.put(dev, more)))

    @engine
    def request_carry(self, m: R, dev: Dev) -> R:
        """The device's state travels, with the request that it has not begun."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(m.requests.submitted[dev] & neg(m.requests.carried[dev]), "a request has not been carried over")
        return m.but(requests=m.requests.but(carried=m.requests.carried.add(dev)))

    @guest
    def request_replay(self, m: R, dev: Dev, vpn: Vpn, word: Word, value: Value) -> R:
        """The target does what the source had not begun, and tells the guest."""
        need(m.requests.carried[dev], "the request has been carried over")
        after = self.target_store(m, vpn, word, value)
        requests = m.requests
        return after.but(
            requests=requests.but(submitted=requests.submitted.discard(dev), carried=requests.carried.discard(dev))
        )

    def taken_back(self, m: R) -> R:
        """The source's devices go on with their requests: none is the target's (I-CLEAN)."""
        after = super().taken_back(m)
        return after.but(requests=after.requests.but(carried=after.requests.carried.cleared()))

    @invariant(Contract.LOGGING)
    def only_a_request_in_flight_has_pages_to_mark(self, m: R, dev: Dev, page: Pfn) -> bool:
        """It is complete when all that it wrote is marked."""
        return implies(m.requests.written[dev, page], m.requests.submitted[dev])

    @law(Contract.LOGGING, "I-LOG")
    def what_a_request_wrote_is_marked_when_it_is_done_with(self, before: R, after: R, dev: Dev, page: Pfn) -> bool:
        """While a migration runs."""
        done = before.requests.written[dev, page] & neg(after.requests.written[dev, page])
        return implies(self.is_migrating(before) & self.is_ram(after, page) & done, self.is_marked(after, page))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def after_the_last_harvest_no_request_has_anything_to_mark(self, m: R, dev: Dev, page: Pfn) -> bool:
        """A page that was half written then would go over as it was, and never again."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m) | (m.phase == Phase.AFTER)
        return implies(harvested, neg(m.requests.written[dev, page]))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def a_request_is_carried_over_only_once_the_source_has_stopped_its_devices(self, m: R, dev: Dev) -> bool:
        """Not both: what is replayed at the target was not begun at the source, and will not be."""
        stopped = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m) | (m.phase == Phase.AFTER)
        return implies(m.requests.carried[dev], stopped & m.requests.submitted[dev])

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def from_the_commit_on_a_request_that_is_not_complete_is_the_targets(self, m: R, dev: Dev) -> bool:
        """Not neither: the guest waits for it there."""
        there = self.is_committed(m) | (m.phase == Phase.AFTER)
        return implies(there, iff(m.requests.submitted[dev], m.requests.carried[dev]))
