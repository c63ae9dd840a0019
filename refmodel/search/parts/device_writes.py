"""The part ``device-writes``."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.parts.part_space import PartSpace
from refmodel.state import Phase

__all__ = ["SPACE"]

_HARVESTED = frozenset({Phase.STOP_AND_COPY, Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER})


def _devices(phase: Phase, able: int, logging: int, mapping: int, in_flight: int, dirty: int) -> tuple[Any, ...]:
    if phase == Phase.ABORTED:
        return phase, 0, logging, 0, 0, dirty
    if phase in _HARVESTED:
        return phase, 0, 0, mapping & dirty, in_flight, dirty
    return phase, able, logging, mapping, in_flight, dirty


SPACE = PartSpace(
    dead=(
        Rule(
            (
                "phase",
                "devices.able",
                "devices.logging",
                "devices.mapping",
                "devices.in_flight",
                "devices.dirty",
            ),
            _devices,
            "after the last harvest no device writes or logs, and an address that is not in the log is not looked up; "
            "after an abort nothing is sent, and no more is claimed than that nothing logs or is logged",
        ),
    ),
    renamed=("dev", "iova"),
)
