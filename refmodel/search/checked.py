"""What the search says of every variant, for ``refmodel check``: the wrong ones break, the others do not."""

import time
from collections.abc import Iterator

from refmodel.rows import Row
from refmodel.search.complete import complete
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, search
from refmodel.variants import VARIANTS, Variant

__all__ = ["checked"]

_WHOLE = GROWING[:1]
"""The machine that a sound one is searched in, whole: the others take ten seconds and more each."""
_FEW_GUEST_STEPS = 2
"""After the broken claim, in this quick look at what the guest notices; ``refmodel search`` goes further."""


def checked() -> Iterator[Row]:
    """The seed machine and its sound variants in small machines, whole; each wrong variant until it breaks."""
    yield _row("shadow paging, small sizes", None)
    for variant in sorted(VARIANTS.values(), key=lambda v: (not v.sound, v.catalogue)):
        number = f"{variant.catalogue} " if variant.catalogue.startswith("M") else ""
        yield _row(f"{number}{variant.name}", variant)


def _row(what: str, variant: Variant | None) -> Row:
    began = time.perf_counter()
    sound = variant is None or variant.sound
    states, result, ok = 0, "", sound
    growing = _WHOLE if sound else (variant.growing if variant else ()) or GROWING
    for sizes in growing:
        if variant is None:
            found = search("seed", None, sizes)
        else:
            found = search(variant.machine, variant.name, sizes, variant.rounds)
        states += found.explored.states
        result = f"nothing found in {states:,} states"
        if found.schedule and found.schedule.broken:
            noticed = complete(found.schedule, _FEW_GUEST_STEPS).schedule.noticed
            result = f"broken after {found.schedule.broken.after} steps"
            result += f", noticed after {noticed.after}" if noticed else ""
            ok = not sound
            break
        if found.explored.outcome is not Outcome.EXHAUSTED:
            result, ok = f"not searched whole: {states:,} states", False
            break
    return Row("search", what, result, ok, time.perf_counter() - began)
