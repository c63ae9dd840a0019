"""The sorts: what a parameter or a map's key ranges over.

Concretely each is a small int counted from 0, or a bool; in the proofs each is a sort of any size. An annotation
carries the sort (``cpu: Cpu``), so that one signature serves the search, the prover and the reader.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args

from attrs import frozen

__all__ = [
    "Chan",
    "Chunk",
    "Count",
    "Cpu",
    "Dev",
    "Entry",
    "Flag",
    "Iova",
    "Line",
    "Mfn",
    "Packet",
    "Pfn",
    "Place",
    "Region",
    "Sizes",
    "Slot",
    "Sort",
    "Value",
    "Vpn",
    "Word",
    "domain",
    "sort_of",
]

Sizes = Mapping[str, int]
"""How many of each sort a concrete machine has, by the sort's name, e.g. ``{"pfn": 3, "vpn": 2, "cpu": 2, ...}``."""


@frozen
class Sort:
    """A sort's name; ``finite`` ones are enumerated by the search and permuted by its symmetry."""

    name: str
    finite: bool = True


Pfn = Annotated[int, Sort("pfn")]
"""A guest page frame number: a page of the guest's memory, as the log and the wire know it. Where no part says
otherwise there is one name space: gfn, pfn and mfn are the same number (p2m is identity)."""
Mfn = Pfn
"""A machine frame number: the same kind of number as a pfn, so that nothing but care keeps one from being taken for the
other (Xen ``9bdd419d64`` [D])."""
Iova = Annotated[int, Sort("iova")]
"""A page of I/O addresses: what devices know guest memory by."""
Dev = Annotated[int, Sort("dev")]
"""A device, or the backend that serves it."""
Chunk = Annotated[int, Sort("chunk")]
"""A run of pages whose dirty bits are cleared together (QEMU's ``clear_bitmap_shift``: 1 GiB unless told otherwise)."""
Entry = Annotated[int, Sort("entry")]
"""A place in a vCPU's dirty ring."""
Slot = Annotated[int, Sort("slot")]
"""A memory slot: what the memory map has of guest RAM in one place."""
Vpn = Annotated[int, Sort("vpn")]
"""A guest virtual page number: the key of every page-table entry."""
Cpu = Annotated[int, Sort("cpu")]
"""A vCPU."""
Place = Annotated[int, Sort("place")]
"""A place for a record in the queue that a wire is."""
Chan = Annotated[int, Sort("chan")]
"""One of several channels beside each other (QEMU's multifd)."""
Line = Annotated[int, Sort("line")]
"""A line of the sender's cache of pages, which holds one page at a time (QEMU's XBZRLE)."""
Packet = Annotated[int, Sort("packet")]
"""What the guest sends to the world: a network packet, or a write to a disk that others see."""
Region = Annotated[int, Sort("region")]
"""As many pages as one large mapping covers, e.g. the 512 of a 2 MB entry."""
Word = Annotated[int, Sort("word")]
"""A word's index inside its page: what one store writes and one read of the engine copies."""
Value = Annotated[int, Sort("value")]
"""What a word, a register or the configuration holds."""
Flag = Annotated[bool, Sort("flag")]
"""A yes or no that a step is given."""
Count = Annotated[int, Sort("count", finite=False)]
"""A number that only counts down, such as the rounds that the policy has left."""


def sort_of(annotation: Any) -> Sort:
    """The sort that an annotation such as ``Pfn`` carries; TypeError for an annotation without one."""
    for extra in get_args(annotation)[1:]:
        if isinstance(extra, Sort):
            return extra
    raise TypeError(f"{annotation!r} carries no sort: annotate with Pfn, Vpn, Cpu, Word, Value, Flag or Count")


def domain(sort: Sort, sizes: Sizes) -> Sequence[int]:
    """The values of a finite sort in a machine of these sizes."""
    return (False, True) if sort.name == "flag" else range(sizes[sort.name])
