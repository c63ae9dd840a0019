"""Wrong variants of ``device-writes``, of how the devices' log is started, read and ended: M05, M10, M15, M25.

The proof refutes logging's ``while_rounds_run_every_device_logs`` or ``only_devices_that_can_log_are_told_to`` where
the start is wrong, ``what_was_noted_is_still_marked`` of rounds where the log is not read, and hand-over's
``no_device_logs_while_no_migration_runs`` where it is not ended.
"""

from refmodel.language import Pfn, Set, need, neg
from refmodel.logging.device_log import DeviceLog
from refmodel.logging.device_state import D
from refmodel.state import Phase
from refmodel.variants.variant import Variant

__all__ = ["DEVICE_LOG_VARIANTS"]

_MACHINE = "bare+device-writes"
_ONE_PAGE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class AcceptsWhatCannotLog(DeviceLog[D]):
    def device_start_log(self, m: D, dev: int) -> D:
        """A backend that cannot log is told to all the same, and counts as logging."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.devices.logging[dev]), "the device's log has not been started")
        return m.but(devices=m.devices.but(logging=m.devices.logging.add(dev)))


class BeginsBeforeDevicesLog(DeviceLog[D]):
    def need_set_up(self, m: D) -> None:
        """Rounds do not wait for the devices' logs."""
        super().need_set_up(m.but(devices=m.devices.but(logging=m.devices.logging.filled())))


class NeverSyncsTheIommu(DeviceLog[D]):
    def found_translated(self, m: D) -> Set[Pfn]:
        """The IOMMU's region is not among those whose logs are read."""
        return super().found_translated(m).cleared()


class LastPassOverNothing(DeviceLog[D]):
    def found(self, m: D) -> Set[Pfn]:
        """Before the last harvest the size of the devices' log is set to 0: it reads nothing of it."""
        if m.phase == Phase.PAUSED:
            return super().found(m.but(devices=m.devices.but(dirty=m.devices.dirty.cleared())))
        return super().found(m)


class LeavesDevicesLogging(DeviceLog[D]):
    def logging_ended(self, m: D) -> D:
        """A migration that is given up does not tell the devices."""
        return super().logging_ended(m).but(devices=m.devices)


DEVICE_LOG_VARIANTS = (
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
        "iommu-never-synced",
        "M15",
        NeverSyncsTheIommu,
        "the log of addresses behind an IOMMU is never read",
        ("74ee653799",),
        machine=_MACHINE,
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
        "abort-leaves-devices-logging",
        "M25",
        LeavesDevicesLogging,
        "devices go on logging after a migration that was given up",
        ("6f6a5ef3e4",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
        unnoticed="it costs time, and the next migration starts from all dirty whatever is in the log",
    ),
)
