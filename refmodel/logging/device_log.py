"""The log that devices keep themselves, by I/O address: started before rounds, translated and read by every harvest.

A harvest translates the log and joins it to what it finds elsewhere, which works only while the addresses are mapped.
Before rounds begin every device has to log, and one that cannot is refused: Xen refuses log-dirty with passthrough
(``paging_log_dirty_enable`` [D]), QEMU blocks migration.
"""

from refmodel.language import Contract, Dev, Flag, Iova, Pfn, Set, engine, implies, invariant, need, neg, operator
from refmodel.logging.device_state import D
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Phase, is_without_migration

__all__ = ["DeviceLog"]


class DeviceLog(MigrationRounds[D]):
    """One of the places where marks are kept; what enters it is ``DeviceWrites``'s."""

    def initial(self, anything: D) -> D:
        """No device logs, and the log is empty."""
        m = super().initial(anything)
        return m.but(devices=m.devices.but(logging=m.devices.logging.cleared(), dirty=m.devices.dirty.cleared()))

    def need_set_up(self, m: D) -> None:
        """Every device logs."""
        super().need_set_up(m)
        need(m.devices.logging.is_full, "every device logs")

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

    def logging_ended(self, m: D) -> D:
        """Devices are told to stop logging (I-CLEAN)."""
        after = super().logging_ended(m)
        devices = after.devices
        return after.but(devices=devices.but(logging=devices.logging.cleared(), dirty=devices.dirty.cleared()))

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

    def device_logged(self, m: D, iova: int, page: int) -> D:
        """The address enters the device's log; the page that it names is marked thereby."""
        entered = m.devices.dirty.add((iova, page))
        return m.but(devices=m.devices.but(dirty=entered), ghost=m.ghost.but(noted=m.ghost.noted.add(page)))

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

    @invariant(Contract.HAND_OVER, "I-FINAL", "I-CLEAN", goal=True)
    def only_from_set_up_to_the_last_harvest_is_anything_in_the_devices_log(self, m: D, iova: Iova, page: Pfn) -> bool:
        """The last harvest read it as every other did; an abort dropped it."""
        until = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED)
        return implies(m.devices.dirty[iova, page], until)

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def no_device_logs_while_no_migration_runs(self, m: D, dev: Dev) -> bool:
        """One that went on logging after an abort would go on paying for it; so would a host whose guest has gone."""
        return implies(is_without_migration(m), neg(m.devices.logging[dev]))
