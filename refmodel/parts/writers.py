"""Writers beside the vCPUs."""

from refmodel.language import Contract
from refmodel.logging.device_state import WithDevices
from refmodel.logging.device_writes import DeviceWrites
from refmodel.logging.grants import Grants, WithGrants
from refmodel.logging.hypervisor_writes import HypervisorWrites, WithHypervisor
from refmodel.parts.part import Part

__all__ = ["WRITERS"]

WRITERS = (
    Part(
        "hypervisor-writes",
        HypervisorWrites,
        Contract.LOGGING,
        "the hypervisor writes guest memory on the guest's behalf: write, then mark",
        WithHypervisor,
    ),
    Part(
        "device-writes",
        DeviceWrites,
        Contract.LOGGING,
        "devices and backends write guest memory, and log it by I/O address in logs of their own",
        WithDevices,
        sizes={"dev": 1, "iova": 1},
    ),
    Part(
        "grants",
        Grants,
        Contract.LOGGING,
        "guest pages mapped from outside are written unseen, and marked at the unmap or at the end",
        WithGrants,
    ),
)
