"""What a tap is to do, and what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from attrs import define, field, frozen

from refmodel.fast.images import Image
from refmodel.oracle.verdict import Verdict
from refmodel.tap.address import Address

__all__ = ["End", "Plan", "Told"]

_LOST = "the-last-store-arrives"

End = Literal["closed", "lost", "silent", "cut", "open"]


@frozen
class Plan:
    """What a tap is to do. Seconds and bytes at which it goes on without the judge, or gives a silent end up."""

    listen: Address
    forward: Address
    images: Callable[[asyncio.AbstractEventLoop], Sequence[Image]] = lambda loop: ()
    record: Path | None = None
    abort: bool = False
    deltas: bool = False
    patience: float = 10.0
    """Seconds that bytes wait for the judge."""
    behind: int = 1 << 30
    """Bytes that the judge may be behind, and that may be held."""
    silence: float | None = None
    """Seconds without a byte from either end, after which both are given up."""
    ready: Callable[[], None] = lambda: None


@define
class Told:
    """What came of a migration."""

    verdict: Verdict | None = None
    failures: list[str] = field(factory=list)
    """What did not go as it should in the tap itself."""
    source: End = "open"
    target: End = "open"
    came: int = 0
    passed: int = 0
    held: int = 0
    added_downtime: float | None = None
    """Seconds from the last byte's coming to its leaving, where a tail was held."""

    @property
    def status(self) -> int:
        """The exit status."""
        return 2 if self.verdict is None else self.verdict.status

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        checked = self.verdict is not None and any(each.rule == _LOST for each in self.verdict.checked)
        return {
            "verdict": self.verdict.as_json() if self.verdict else None,
            "failures": self.failures,
            "ends": {"source": self.source, "target": self.target},
            "bytes": {"came": self.came, "passed": self.passed, "held": self.held},
            "added_downtime_ms": None if self.added_downtime is None else round(self.added_downtime * 1000, 3),
            "lost_writes": "compared" if checked else "unchecked",
        }
