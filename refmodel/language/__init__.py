"""What the specification is written in: sorts, total maps, guards, steps, claims.

Everything here has two readings. Concretely a pfn is an int, a set of pages a bit mask, a guard an ``if``; lifted
(in ``proofs``) a pfn is a term, a set a predicate, a guard an assumption. The specification cannot tell which.
"""

from refmodel.language.guards import Refused, need
from refmodel.language.logic import iff, implies, neg, pick
from refmodel.language.maps import Map, Set
from refmodel.language.sorts import (
    Chan,
    Chunk,
    Count,
    Cpu,
    Dev,
    Entry,
    Flag,
    Iova,
    Line,
    Mfn,
    Packet,
    Pfn,
    Place,
    Region,
    Sizes,
    Slot,
    Sort,
    Value,
    Vpn,
    Word,
)
from refmodel.language.specification import Action, Claim, Specification, Step
from refmodel.language.state import State, blank
from refmodel.language.steps import Actor, Contract, engine, guest, invariant, law, operator

__all__ = [
    "Action",
    "Actor",
    "Chan",
    "Chunk",
    "Claim",
    "Contract",
    "Count",
    "Cpu",
    "Dev",
    "Entry",
    "Flag",
    "Iova",
    "Line",
    "Map",
    "Mfn",
    "Packet",
    "Pfn",
    "Place",
    "Refused",
    "Region",
    "Set",
    "Sizes",
    "Slot",
    "Sort",
    "Specification",
    "State",
    "Step",
    "Value",
    "Vpn",
    "Word",
    "blank",
    "engine",
    "guest",
    "iff",
    "implies",
    "invariant",
    "law",
    "need",
    "neg",
    "operator",
    "pick",
]
