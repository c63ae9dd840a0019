"""Device models, DMA and vhost backends write guest memory, and keep logs of their own, by I/O address.

A device writes through addresses of its own: behind an IOMMU they name what its table says, and several may name one
page. When a request is done, its addresses enter the device's log; a harvest translates that log and joins it to the
rest, which works only while the addresses are mapped. Before rounds begin every device has to log, and one that cannot
is refused: Xen refuses log-dirty with passthrough (``paging_log_dirty_enable`` [D]), QEMU blocks migration.

As with the hypervisor's, writes that land after the pause may as well have landed before it. What is still to be done
then is to drain: requests in flight complete, and are logged.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Dev,
    Flag,
    Iova,
    Pfn,
    Set,
    Sizes,
    State,
    Value,
    Word,
    engine,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
    operator,
)
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Machine, Phase

__all__ = ["D", "DeviceWrites", "Devices", "WithDevices"]


@frozen(slots=False)
class Devices(State):
    """The devices that write guest memory by themselves, and the addresses that they do it through."""

    able: Set[Dev]
    """Devices whose backend can log what it writes."""
    logging: Set[Dev]
    """Devices that have been told to."""
    direct: Set[tuple[Iova, Pfn]]
    """What addresses name where no IOMMU translates them: the page of the same number. Constant."""
    mapping: Set[tuple[Iova, Pfn]]
    """What they name."""
    rings: Set[Iova]
    """Addresses of virtqueues' rings, which stay mapped as long as the device is in use. Constant."""
    in_flight: Set[tuple[Dev, Pfn]]
    """What requests have written that are not complete."""
    dirty: Set[tuple[Iova, Pfn]]
    """The devices' log: addresses, each with the page that it named when it was logged."""


@frozen(slots=False)
class WithDevices(Machine):
    """The state of a machine with devices that write guest memory by themselves."""

    devices: Devices


D = TypeVar("D", bound=WithDevices)


class DeviceWrites(MigrationRounds[D]):
    """Write, then log when the request is complete; harvested by translation, drained before the last harvest."""

    def initial(self, anything: D) -> D:
        """No device logs, and the logs are empty; what is mapped, able and in flight is anything."""
        m = super().initial(anything)
        return m.but(devices=m.devices.but(logging=m.devices.logging.cleared(), dirty=m.devices.dirty.cleared()))

    def start(self, sizes: Sizes) -> D:
        """Every device can log; addresses are translated; all but the first are rings'."""
        m = super().start(sizes)
        able, mapping = m.devices.able.filled(), m.devices.mapping
        turned = mapping.only(lambda iova, page: page == (iova + 1) % sizes["pfn"])
        direct = mapping.only(lambda iova, page: page == iova) - turned
        rings = m.devices.rings.only(lambda iova: iova > 0)
        return m.but(devices=m.devices.but(able=able, direct=direct, mapping=turned, rings=rings))

    # what the rest of the machine asks

    def is_set_up(self, m: D) -> bool:
        """Every device logs."""
        return super().is_set_up(m) & m.devices.logging.is_full

    def is_to_be_marked(self, m: D, page: int) -> bool:
        """A request that is not complete has written the page."""
        return super().is_to_be_marked(m, page) | neg(m.devices.in_flight.never(lambda d, p: p == page))

    def is_logged_by_a_device(self, m: D, page: int) -> bool:
        """An address that is in the devices' log, and is still mapped, names the page."""
        return neg(m.devices.dirty.never(lambda i, p: (p == page) & m.devices.mapping[i, p]))

    def is_marked(self, m: D, page: int) -> bool:
        """The devices' log is one of the places where marks are kept."""
        return super().is_marked(m, page) | self.is_logged_by_a_device(m, page)

    def found(self, m: D) -> Set[Pfn]:
        """A harvest translates the devices' log, and joins it to what it finds elsewhere."""
        return super().found(m) | self.found_untranslated(m) | self.found_translated(m)

    def found_untranslated(self, m: D) -> Set[Pfn]:
        """What the log has of addresses that are page numbers."""
        d = m.devices
        return m.log.dirty.only(lambda p: neg(d.dirty.never(lambda i, q: (q == p) & d.mapping[i, q] & d.direct[i, q])))

    def found_translated(self, m: D) -> Set[Pfn]:
        """What it has of addresses behind an IOMMU."""
        d = m.devices
        translated = d.mapping - d.direct
        return m.log.dirty.only(lambda p: neg(d.dirty.never(lambda i, q: (q == p) & translated[i, q])))

    def emptied(self, m: D) -> D:
        """The devices' log starts afresh with the rest."""
        after = super().emptied(m)
        return after.but(devices=after.devices.but(dirty=after.devices.dirty.cleared()))

    def is_quiet(self, m: D) -> bool:
        """Every request that was in flight at the pause is complete, and so in the log."""
        return super().is_quiet(m) & m.devices.in_flight.is_empty

    def logging_ended(self, m: D) -> D:
        """Devices are told to stop logging (I-CLEAN)."""
        after = super().logging_ended(m)
        devices = after.devices
        return after.but(devices=devices.but(logging=devices.logging.cleared(), dirty=devices.dirty.cleared()))

    # backends

    @operator
    def connect_backend(self, m: D, dev: Dev, able: Flag) -> D:
        """Another backend takes the device over; whether it can log is among its features. Not once rounds may run."""
        need((m.phase == Phase.BEFORE) | (m.phase == Phase.SETUP), "rounds have not begun")
        need(neg(m.devices.logging[dev]), "the device's log has not been started")
        return m.but(devices=m.devices.but(able=m.devices.able.put(dev, able)))

    @engine
    def device_start_log(self, m: D, dev: Dev) -> D:
        """A device is told to log what it writes. With one that cannot, rounds never begin: what is left is to stop."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.devices.logging[dev]), "the device's log has not been started")
        need(m.devices.able[dev], "the device's backend can log")
        return m.but(devices=m.devices.but(logging=m.devices.logging.add(dev)))

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

    def device_logged(self, m: D, iova: int, page: int) -> D:
        """The address enters the device's log; the page that it names is marked thereby."""
        entered = m.devices.dirty.add((iova, page))
        return m.but(devices=m.devices.but(dirty=entered), ghost=m.ghost.but(noted=m.ghost.noted.add(page)))

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

    @invariant(Contract.LOGGING, "I-COVER", goal=True)
    def while_rounds_run_every_device_logs(self, m: D, dev: Dev) -> bool:
        """It has been told to, and it can: one that cannot is refused."""
        return implies(m.phase == Phase.LIVE, m.devices.logging[dev] & m.devices.able[dev])

    @invariant(Contract.LOGGING)
    def only_devices_that_can_log_are_told_to(self, m: D, dev: Dev) -> bool:
        """Asking one that cannot would look like a log that stays empty."""
        return implies(m.devices.logging[dev], m.devices.able[dev])

    @invariant(Contract.LOGGING, "I-COVER")
    def while_some_device_does_not_log_every_page_is_owed(self, m: D, dev: Dev, page: Pfn) -> bool:
        """Plain suspend needs no log: a migration may be paused before it has been set up (R11)."""
        before_the_last = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED)
        return implies(before_the_last & neg(m.devices.logging[dev]), m.rounds.to_send[page])

    @invariant(Contract.LOGGING, "I-INDEX", goal=True)
    def every_address_in_the_devices_log_still_names_its_page(self, m: D, iova: Iova, page: Pfn) -> bool:
        """So that the harvest can translate it, whenever it comes."""
        return implies(m.devices.dirty[iova, page], m.devices.mapping[iova, page])

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

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def after_the_last_harvest_the_devices_log_is_empty(self, m: D, iova: Iova, page: Pfn) -> bool:
        """The last harvest read it as every other did."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(harvested, neg(m.devices.dirty[iova, page]))

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def after_an_abort_no_device_logs(self, m: D, dev: Dev) -> bool:
        """A device that went on logging would go on paying for it."""
        return implies(m.phase == Phase.ABORTED, neg(m.devices.logging[dev]))
