"""The named machines, and their wrong variants, by name."""

from difflib import get_close_matches

from refmodel.seed import Seed
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS

__all__ = ["MACHINES", "machine"]

MACHINES: dict[str, type[Seed]] = {"seed": Seed}
"""``seed``: shadow paging as the seed text tells it, protect at transfer."""


def machine(name: str, variant: str | None = None) -> Seed:
    """The machine, or its variant; Unusable, with the nearest name, when there is none."""
    if name not in MACHINES:
        raise Unusable("machine", f"no machine {name!r}", _nearest(name, list(MACHINES)))
    if variant is None:
        return MACHINES[name]()
    if variant not in VARIANTS:
        raise Unusable("variant", f"no variant {variant!r}", _nearest(variant, list(VARIANTS)))
    return VARIANTS[variant].spec()


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    return f"{near[0]!r}" if near else f"one of {', '.join(names)}"
