"""What large mappings add to the state: regions, and who has which of them mapped by one entry."""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Cpu, Map, Pfn, Region, Set, State, Vpn
from refmodel.logging.log_mode import WithLogMode

__all__ = ["S", "Superpages", "WithSuperpages"]


@frozen(slots=False)
class Superpages(State):
    """Regions, and which of them are mapped large and by whom."""

    region_of: Map[Vpn, Region]
    """The region that a page lies in. Constant."""
    frame: Map[Vpn, Pfn]
    """The frame that a large mapping of its region has there. Constant: it is aligned, and has no choice."""
    mapped: Set[Region]
    """Regions with one large shadow entry, and no small one."""
    writable: Set[Region]
    held: Set[tuple[Cpu, Region]]
    """Large TLB entries."""
    held_writable: Set[tuple[Cpu, Region]]


@frozen(slots=False)
class WithSuperpages(WithLogMode):
    """The state of a machine with large mappings."""

    superpages: Superpages


S = TypeVar("S", bound=WithSuperpages)
