"""Wrong variants of ``device-writes``: M05, M10, M12, M14, M15, M25; and a sound one.

The proof refutes ``what_a_completed_request_wrote_is_marked`` or ``what_differs_from_its_last_copy_was_noted`` of
logging where a request is not logged, ``what_was_noted_is_still_marked`` of rounds where a log is not read, and the
claims of hand-over on the last harvest where it comes too early.
"""

from refmodel.language import Pfn, Set, need, neg
from refmodel.logging.device_writes import D, DeviceWrites
from refmodel.state import Phase
from refmodel.variants.variant import Variant

__all__ = ["DEVICE_VARIANTS"]

_MACHINE = "seed+device-writes"
_ONE_PAGE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)
_TWO_PAGES = ({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class CompletesUnlogged(DeviceWrites[D]):
    def device_logged(self, m: D, iova: int, page: int) -> D:
        """The device model does not tell the hypervisor what its DMA wrote."""
        return m


class WritesThroughARawPointer(DeviceWrites[D]):
    def dma_write(self, m: D, dev: int, iova: int, page: int, word: int, value: int) -> D:
        """The write goes past the accessors that would have it logged when the request is complete."""
        return super().dma_write(m, dev, iova, page, word, value).but(devices=m.devices)


class LogsOnlyRings(DeviceWrites[D]):
    def device_logged(self, m: D, iova: int, page: int) -> D:
        """The used ring is logged, and not the buffers that the request filled."""
        return super().device_logged(m, iova, page) if m.devices.rings[iova] else m


class AcceptsWhatCannotLog(DeviceWrites[D]):
    def device_start_log(self, m: D, dev: int) -> D:
        """A backend that cannot log is told to all the same, and counts as logging."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.devices.logging[dev]), "the device's log has not been started")
        return m.but(devices=m.devices.but(logging=m.devices.logging.add(dev)))


class BeginsBeforeDevicesLog(DeviceWrites[D]):
    def is_set_up(self, m: D) -> bool:
        """Rounds do not wait for the devices' logs."""
        return super().is_set_up(m.but(devices=m.devices.but(logging=m.devices.logging.filled())))


class UnmapDropsTheLog(DeviceWrites[D]):
    def dirty_returned(self, m: D, iova: int, page: int) -> D:
        """What the device's log says of the address goes with its mapping."""
        return m.but(devices=m.devices.but(dirty=m.devices.dirty.discard((iova, page))))


class NeverSyncsTheIommu(DeviceWrites[D]):
    def found_translated(self, m: D) -> Set[Pfn]:
        """The IOMMU's region is not among those whose logs are read."""
        return super().found_translated(m).cleared()


class LogsTheAddressUntranslated(DeviceWrites[D]):
    def device_logged(self, m: D, iova: int, page: int) -> D:
        """The I/O address enters the log as if it were the guest's."""
        devices = m.devices
        dirty = devices.dirty.where(lambda i, p: (i == iova) & devices.direct[i, p], True)
        logged = super().device_logged(m, iova, page)
        return logged.but(devices=devices.but(dirty=dirty))


class LastPassOverNothing(DeviceWrites[D]):
    def found(self, m: D) -> Set[Pfn]:
        """Before the last harvest the size of the devices' log is set to 0: it reads nothing of it."""
        if m.phase == Phase.PAUSED:
            return super().found(m.but(devices=m.devices.but(dirty=m.devices.dirty.cleared())))
        return super().found(m)


class HarvestsBeforeTheDrain(DeviceWrites[D]):
    def is_quiet(self, m: D) -> bool:
        """The last harvest does not wait for requests in flight."""
        return super().is_quiet(m.but(devices=m.devices.but(in_flight=m.devices.in_flight.cleared())))


class LeavesDevicesLogging(DeviceWrites[D]):
    def logging_ended(self, m: D) -> D:
        """A migration that is given up does not tell the devices."""
        return super().logging_ended(m).but(devices=m.devices)


class LogsWhateverItCanReach(DeviceWrites[D]):
    def dma_complete(self, m: D, dev: int, iova: int, page: int) -> D:
        """Where the IOMMU cannot tell, every address that is mapped counts as dirty."""
        after = super().dma_complete(m, dev, iova, page)
        if m.devices.logging[dev] & m.devices.able[dev]:
            mapping, devices = m.devices.mapping, after.devices
            reached = after.ghost.noted.where(lambda p: neg(mapping.never(lambda i, q: q == p)), True)
            return after.but(devices=devices.but(dirty=devices.dirty | mapping), ghost=after.ghost.but(noted=reached))
        return after


DEVICE_VARIANTS = (
    Variant(
        "dma-unlogged",
        "M14",
        CompletesUnlogged,
        "the device model writes guest memory, and tells nobody",
        ("910b38e4dc", "0c98ffd10a"),
        machine=_MACHINE,
    ),
    Variant(
        "raw-pointer-write",
        "M14",
        WritesThroughARawPointer,
        "asynchronous I/O writes through a raw pointer that no tracking knows of",
        ("7839e121f6 1b87f332b0", "046d7441cb"),
        machine=_MACHINE,
    ),
    Variant(
        "only-rings-logged",
        "M15",
        LogsOnlyRings,
        "the backend logs the used ring, and none of the buffers that it filled",
        ("vhost-scsi series",),
        machine=_MACHINE,
        growing=_TWO_PAGES,
    ),
    Variant(
        "unable-backend-accepted",
        "M15",
        AcceptsWhatCannotLog,
        "a backend that cannot log is not refused",
        ("7145872ed3", "070f3bbea1"),
        machine=_MACHINE,
    ),
    Variant(
        "devices-log-late",
        "M10",
        BeginsBeforeDevicesLog,
        "rounds begin before the devices log what they write",
        ("758b96b61d", "ff180c6bd7"),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "iova-unmap-drops-log",
        "M15",
        UnmapDropsTheLog,
        "an I/O address that is unmapped takes its dirty bit along",
        ("9e7b0442f2",),
        machine=_MACHINE,
    ),
    Variant(
        "iommu-never-synced",
        "M15",
        NeverSyncsTheIommu,
        "the log of addresses behind an IOMMU is never read",
        ("74ee653799",),
        machine=_MACHINE,
    ),
    Variant(
        "iova-logged-as-gpa",
        "M12",
        LogsTheAddressUntranslated,
        "an I/O address is logged as if it were a guest address",
        ("cc5e71075947", "345cc1cbcb"),
        machine=_MACHINE,
        growing=_TWO_PAGES,
    ),
    Variant(
        "device-log-unread-at-the-end",
        "M05",
        LastPassOverNothing,
        "the last pass over the devices' log reads nothing",
        ("5c0ba1be37",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "in-flight-not-drained",
        "M05",
        HarvestsBeforeTheDrain,
        "the last harvest comes before requests in flight have been logged",
        ("c194f63cf4",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "abort-leaves-devices-logging",
        "M25",
        LeavesDevicesLogging,
        "devices go on logging after a migration that was given up",
        ("6f6a5ef3e4",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "all-reachable-dirty",
        "-",
        LogsWhateverItCanReach,
        "every page that a device can reach counts as dirty",
        ("b051a3f640", "vfio.rst"),
        machine=_MACHINE,
        sound=True,
    ),
)
