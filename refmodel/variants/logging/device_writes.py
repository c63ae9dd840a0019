"""Wrong variants of ``device-writes``, of what devices write and log: M05, M12, M14, M15; and a sound one.

The proof refutes ``what_a_completed_request_wrote_is_marked`` or ``what_differs_from_its_last_copy_was_noted`` of
logging; where a log's entry is dropped, ``what_was_noted_is_still_marked`` of rounds; and where the last harvest comes
too early, hand-over's ``after_the_last_harvest_no_request_is_in_flight``.
"""

from refmodel.language import neg
from refmodel.logging.device_state import D
from refmodel.logging.device_writes import DeviceWrites
from refmodel.variants.variant import Variant

__all__ = ["DEVICE_VARIANTS"]

_MACHINE = "bare+device-writes"
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


class UnmapDropsTheLog(DeviceWrites[D]):
    def dirty_returned(self, m: D, iova: int, page: int) -> D:
        """What the device's log says of the address goes with its mapping."""
        return m.but(devices=m.devices.but(dirty=m.devices.dirty.discard((iova, page))))


class LogsTheAddressUntranslated(DeviceWrites[D]):
    def device_logged(self, m: D, iova: int, page: int) -> D:
        """The I/O address enters the log as if it were the guest's."""
        devices = m.devices
        dirty = devices.dirty.where(lambda i, p: (i == iova) & devices.direct[i, p], True)
        logged = super().device_logged(m, iova, page)
        return logged.but(devices=devices.but(dirty=dirty))


class HarvestsBeforeTheDrain(DeviceWrites[D]):
    def is_quiet(self, m: D) -> bool:
        """The last harvest does not wait for requests in flight."""
        return super().is_quiet(m.but(devices=m.devices.but(in_flight=m.devices.in_flight.cleared())))


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
        ("7839e121f6", "1b87f332b0", "046d7441cb"),
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
        "iova-unmap-drops-log",
        "M15",
        UnmapDropsTheLog,
        "an I/O address that is unmapped takes its dirty bit along",
        ("9e7b0442f2",),
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
        "in-flight-not-drained",
        "M05",
        HarvestsBeforeTheDrain,
        "the last harvest comes before requests in flight have been logged",
        ("c194f63cf4",),
        machine=_MACHINE,
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
