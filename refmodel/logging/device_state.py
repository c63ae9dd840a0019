"""What devices that write guest memory by themselves have: backends, I/O addresses, requests in flight, a log."""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Dev, Iova, Pfn, Set, State
from refmodel.state import Machine

__all__ = ["D", "Devices", "WithDevices"]


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
