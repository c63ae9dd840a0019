"""The parts that a machine may have: what each adds to the state, and what it takes the place of.

A part is a class whose steps and claims join the machine's; it refines what the rest of the machine asks (its hooks)
with ``super()``, so that parts that know nothing of each other go together.
"""

from collections.abc import Mapping

from refmodel.parts.ends import ENDS
from refmodel.parts.logs import LOGS
from refmodel.parts.mappings import MAPPINGS
from refmodel.parts.memory import MEMORY
from refmodel.parts.part import Part
from refmodel.parts.streams import STREAMS
from refmodel.parts.tables import TABLES
from refmodel.parts.wires import WIRES
from refmodel.parts.writers import WRITERS

__all__ = ["PARTS", "Part"]

PARTS: Mapping[str, Part] = {
    part.name: part for part in (*ENDS, *MEMORY, *STREAMS, *WIRES, *TABLES, *WRITERS, *MAPPINGS, *LOGS)
}
"""By name. A part stands before those that it refines: of two that refine one thing the first has the last word."""
