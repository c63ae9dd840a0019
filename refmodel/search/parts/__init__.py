"""What the parts of a machine change in where it is searched: what they keep alive, add, start with, and how large.

One module a part; a part that changes nothing has none.
"""

from collections.abc import Mapping

from refmodel.migration import AnyMachine
from refmodel.parts import PARTS
from refmodel.search.parts import protect_at_transfer
from refmodel.search.parts.part_space import PartSpace

__all__ = ["PartSpace", "part_spaces"]

_SPACES: Mapping[str, PartSpace] = {
    "protect-at-transfer": protect_at_transfer.SPACE,
}


def part_spaces(spec: AnyMachine) -> list[PartSpace]:
    """Those of the parts that the machine has."""
    return [space for name, space in _SPACES.items() if isinstance(spec, PARTS[name].cls)]
