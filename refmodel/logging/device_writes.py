"""Device models, DMA and vhost backends write guest memory, through addresses of their own.

Behind an IOMMU an address names what its table says, and several may name one page. When a request is done with a page,
its address enters the devices' log (``device_log``).

As with the hypervisor's, writes that land after the pause may as well have landed before it. What is still to be done
then is to drain: requests in flight complete, and are logged.
"""

from refmodel.language import (
    Contract,
    Dev,
    Iova,
    Pfn,
    Sizes,
    Value,
    Word,
    engine,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
)
from refmodel.logging.device_log import DeviceLog
from refmodel.logging.device_state import D
from refmodel.state import Phase

__all__ = ["DeviceWrites"]


class DeviceWrites(DeviceLog[D]):
    """Write, then log when the request is complete; drained before the last harvest."""

    def initial(self, anything: D) -> D:
        """Requests may be in flight, each with an address for what it has written."""
        m = super().initial(anything)
        devices = m.devices
        addressed = devices.in_flight.where(lambda d, p: devices.mapping.never(lambda i, q: q == p), False)
        return m.but(devices=devices.but(in_flight=addressed))

    def start(self, sizes: Sizes) -> D:
        """Every device can log; addresses are translated; all but the first are rings'."""
        m = super().start(sizes)
        able, mapping = m.devices.able.filled(), m.devices.mapping
        turned = mapping.only(lambda iova, page: page == (iova + 1) % sizes["pfn"])
        direct = mapping.only(lambda iova, page: page == iova) - turned
        rings = m.devices.rings.only(lambda iova: iova > 0)
        return m.but(devices=m.devices.but(able=able, direct=direct, mapping=turned, rings=rings))

    def is_to_be_marked(self, m: D, page: int) -> bool:
        """A request that is not complete has written the page."""
        return super().is_to_be_marked(m, page) | neg(m.devices.in_flight.never(lambda d, p: p == page))

    def is_quiet(self, m: D) -> bool:
        """Every request that was in flight at the pause is complete, and so in the log."""
        return super().is_quiet(m) & m.devices.in_flight.is_empty

    # requests

    @guest
    def dma_write(self, m: D, dev: Dev, iova: Iova, page: Pfn, word: Word, value: Value) -> D:
        """A device writes a word through an address: data into a request's buffer, or an element of its used ring."""
        need(m.hand_over.source_runs, "the source runs")
        need(m.devices.mapping[iova, page], "the address names the page")
        need(self.is_data(m, page), "no shadow follows what the page holds")
        after = self.stored(m, page, word, value)
        return after.but(devices=m.devices.but(in_flight=m.devices.in_flight.add((dev, page))))

    @guest
    def dma_complete(self, m: D, dev: Dev, iova: Iova, page: Pfn) -> D:
        """The request is done with the page; its address enters the log, if the device logs."""
        need(m.hand_over.source_runs, "the source runs")
        return self.completed(m, dev, iova, page)

    @engine
    def device_drain(self, m: D, dev: Dev, iova: Iova, page: Pfn) -> D:
        """The device is stopped after the vCPUs: what was in flight completes."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        return self.completed(m, dev, iova, page)

    def completed(self, m: D, dev: int, iova: int, page: int) -> D:
        """Nothing of the request is left to write to the page."""
        need(m.devices.in_flight[dev, page], "a request in flight has written the page")
        need(m.devices.mapping[iova, page], "the address names the page")
        after = m.but(devices=m.devices.but(in_flight=m.devices.in_flight.discard((dev, page))))
        if m.devices.logging[dev] & m.devices.able[dev]:
            return self.device_logged(after, iova, page)
        return after

    # the IOMMU's table

    @guest
    def iova_map(self, m: D, iova: Iova, page: Pfn) -> D:
        """The guest gives an address a page; another address may name the page already."""
        need(self.runs(m), "the source runs")
        need(m.devices.mapping.never(lambda i, p: i == iova), "the address names no page")
        return m.but(devices=m.devices.but(mapping=m.devices.mapping.add((iova, page))))

    @guest
    def iova_unmap(self, m: D, iova: Iova, page: Pfn) -> D:
        """The guest takes an address back. What the device's log says of it is returned by the unmap, and marked."""
        need(self.runs(m), "the source runs")
        need(m.devices.mapping[iova, page], "the address names the page")
        need(neg(m.devices.rings[iova]), "no ring lies there")
        need(m.devices.in_flight.never(lambda d, p: p == page), "no request in flight writes the page")
        unmapped = m.devices.but(mapping=m.devices.mapping.discard((iova, page)))
        if m.devices.dirty[iova, page]:
            return self.dirty_returned(m.but(devices=unmapped), iova, page)
        return m.but(devices=unmapped)

    def dirty_returned(self, m: D, iova: int, page: int) -> D:
        """The entry leaves the device's log for the common one."""
        return self.marked(m.but(devices=m.devices.but(dirty=m.devices.dirty.discard((iova, page)))), page)

    @law(Contract.LOGGING, "I-LOG", "I-INDEX")
    def what_a_completed_request_wrote_is_marked(self, before: D, after: D, dev: Dev, page: Pfn) -> bool:
        """Under the page that its address names; before the device logs, every page is owed."""
        completed = before.devices.in_flight[dev, page] & neg(after.devices.in_flight[dev, page])
        return implies(self.is_migrating(before) & completed, self.is_marked(after, page))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def after_the_last_harvest_no_request_is_in_flight(self, m: D, dev: Dev, page: Pfn) -> bool:
        """What completed later would be logged for nobody."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(harvested, neg(m.devices.in_flight[dev, page]))

    @invariant(Contract.LOGGING, "I-LIVE")
    def what_a_request_in_flight_has_written_has_an_address(self, m: D, dev: Dev, page: Pfn) -> bool:
        """So that the request can complete."""
        return implies(m.devices.in_flight[dev, page], neg(m.devices.mapping.never(lambda i, p: p == page)))
