"""The search's lines of ``refmodel check``."""

import time
from collections.abc import Iterator

from refmodel.rows import Row
from refmodel.search.explore import Outcome
from refmodel.search.find import find
from refmodel.variants import VARIANTS

__all__ = ["checked"]


def checked() -> Iterator[Row]:
    """The right machine, whole in small sizes; then the shortest schedule that breaks each wrong variant."""
    began = time.perf_counter()
    found = find("seed", None)
    whole = found.explored.outcome is Outcome.EXHAUSTED
    result = f"no claim breaks in {found.explored.states:,} states"
    yield Row("search", "shadow paging, small machines whole", result, whole, time.perf_counter() - began)
    classes: dict[str, list[str]] = {}
    for variant in VARIANTS.values():
        if not variant.sound:
            classes.setdefault(variant.catalogue, []).append(variant.name)
    for name, variants in sorted(classes.items()):
        began = time.perf_counter()
        said, ok = [], True
        for variant in variants:
            found = find("seed", variant)
            schedule = found.schedule
            ok = ok and schedule is not None and schedule.broken is not None
            if schedule is None or schedule.broken is None:
                said.append(f"{variant}: not broken")
            elif schedule.noticed is None:
                said.append(f"{variant}: {schedule.broken.after} steps")
            else:
                said.append(f"{variant}: {schedule.broken.after} steps, noticed after {schedule.noticed.after}")
        yield Row("search", f"{name}, {len(variants)} wrong variants", "; ".join(said), ok, time.perf_counter() - began)
