"""The search's lines of ``refmodel check``."""

import time
from collections.abc import Iterator

from refmodel.rows import Row
from refmodel.search.complete import complete
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, find, search
from refmodel.variants import VARIANTS

__all__ = ["checked"]

_FEW_GUEST_STEPS = 2
"""After the broken claim, in this quick look; ``refmodel search`` goes further."""


def checked() -> Iterator[Row]:
    """The right machine, whole in small sizes; then the shortest schedule that breaks each wrong variant."""
    began = time.perf_counter()
    found = find("seed", None)
    whole = found.explored.outcome is Outcome.EXHAUSTED
    result = f"no claim breaks in {found.explored.states:,} states"
    yield Row("search", "shadow paging, small sizes whole", result, whole, time.perf_counter() - began)
    for variant in sorted(VARIANTS.values(), key=lambda v: v.catalogue):
        if not variant.sound:
            began = time.perf_counter()
            result, ok = shortest(variant.name)
            yield Row("search", f"{variant.catalogue} {variant.name}", result, ok, time.perf_counter() - began)


def shortest(variant: str) -> tuple[str, bool]:
    """The shortest schedule that breaks a wrong variant, said in a line; whether there is one."""
    for sizes in GROWING:
        schedule = search("seed", variant, sizes).schedule
        if schedule is None or schedule.broken is None:
            continue
        said = f"broken after {schedule.broken.after} steps"
        noticed = complete(schedule, _FEW_GUEST_STEPS).schedule.noticed
        return said + (f", noticed after {noticed.after}" if noticed else ""), True
    return "not broken", False
