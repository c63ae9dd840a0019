"""Memory that changes, and a second migration."""

from refmodel.handover.second_hop import SecondHop
from refmodel.language import Contract
from refmodel.logging.memory_map import WithMemoryMap
from refmodel.logging.memory_slots import MemorySlots
from refmodel.logging.populate import PopulateOnDemand, WithPopulation
from refmodel.parts.part import Part
from refmodel.rounds.free_hints import FreeHints, WithHints

__all__ = ["MEMORY"]

MEMORY = (
    Part(
        "memory-slots",
        MemorySlots,
        Contract.LOGGING,
        "memory is added, removed and moved while a migration runs",
        WithMemoryMap,
        sizes={"slot": 1},
    ),
    Part(
        "second-hop",
        SecondHop,
        Contract.HAND_OVER,
        "a second migration: after an abort, or on from the target",
    ),
    Part(
        "populate-on-demand",
        PopulateOnDemand,
        Contract.LOGGING,
        "a page comes into being at its first touch (Xen's PoD)",
        WithPopulation,
    ),
    Part(
        "free-hints",
        FreeHints,
        Contract.ROUNDS,
        "the guest says which pages are free, and they are not sent (virtio-balloon)",
        WithHints,
    ),
)
