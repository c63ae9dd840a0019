"""Feeding libFuzzer counters of our own: the one place that knows how atheris 3.0 counts.

Atheris has no public call for it. Its instrumentation reserves a counter for each branch (``atheris._reserve_counter``)
and counts it (``atheris._trace_branch``); we do the same, which takes no time to prepare. Where those two are gone,
we fall back to what is public: one empty function for each counter, instrumented, and called to be counted. That takes
about half a millisecond to prepare for each, so that there are fewer.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["FEW", "MANY", "counters"]

MANY = 1 << 16
FEW = 1 << 12
"""How many counters there are: by the private way, and by the public one. Abstract states share them by hash."""


def counters(atheris: Any) -> tuple[int, Callable[[int], object]]:
    """How many counters there are, and a function that counts one. To be called before ``atheris.Setup``."""
    reserve = getattr(atheris, "_reserve_counter", None)
    if reserve is not None and hasattr(atheris, "_trace_branch"):
        first = reserve()
        if [reserve() for _ in range(MANY - 1)] == list(range(first + 1, first + MANY)):
            # Looked up at each call, as the instrumentation does: ``atheris.Setup`` replaces it.
            return MANY, lambda i: atheris._trace_branch(first + i)
    return public_counters(atheris)


def public_counters(atheris: Any) -> tuple[int, Callable[[int], object]]:
    """The same with what atheris publishes."""
    made: dict[str, Callable[[], None]] = {}
    exec("\n".join(f"def counter_{i}(): pass" for i in range(FEW)), made)
    calls = [atheris.instrument_func(made[f"counter_{i}"]) for i in range(FEW)]
    return FEW, lambda i: calls[i]()
