"""What a tap is to do, and what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from attrs import define, field, frozen

from refmodel.fast.images import Image
from refmodel.fast.xen import XenMemory
from refmodel.oracle.verdict import Verdict
from refmodel.tap.address import Address
from refmodel.tap.editing import Edit

__all__ = ["End", "Pipes", "Plan", "Sockets", "Told"]

_LOST = "the-last-store-arrives"
_POSTCOPY = (
    "post-copy: the guest goes on at the target before its last pages have come, and QEMU's source does not run again; "
    "contents were compared as they passed, and nothing was held or cut after the switch"
)

End = Literal["closed", "lost", "silent", "cut", "open"]


@frozen(kw_only=True)
class Plan:
    """What a tap is to do. Seconds and bytes at which it goes on without the judge, or gives a silent end up."""

    record: Path | None = None
    abort: bool = False
    patience: float = 10.0
    """Seconds that bytes wait for the judge."""
    behind: int = 1 << 30
    """Bytes that the judge may be behind, and that may be held."""
    silence: float | None = None
    """Seconds without a byte from either end, after which both are given up."""
    ready: Callable[[], None] = lambda: None


@frozen
class Sockets(Plan):
    """Between the two ends of a migration of QEMU."""

    listen: Address
    forward: Address
    images: Callable[[asyncio.AbstractEventLoop], Sequence[Image]] = lambda loop: ()
    monitor: Address | None = None
    """The source's, which is asked what became of a migration whose stream broke off."""
    deltas: bool = False
    edit: Edit | None = None
    """A hook: records in, bytes out. The judge sees what goes out."""


@frozen
class Pipes(Plan):
    """Between xl, at standard input and output, and a command that reaches its receiver."""

    command: tuple[str, ...]
    memory: Sequence[XenMemory] = ()


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
    """Seconds from the last byte's coming to its leaving, where a tail, or a reply, was held."""
    switched: bool = False
    """It went on as post-copy."""
    not_given: tuple[str, ...] = ()
    """RAM blocks whose memory was not given, so that they were not compared."""

    @property
    def status(self) -> int:
        """The exit status."""
        return 2 if self.verdict is None else self.verdict.status

    @property
    def is_compared(self) -> bool:
        """The last contents were compared with the source's, where its memory was given."""
        return self.verdict is not None and any(each.rule == _LOST for each in self.verdict.checked)

    @property
    def unchecked(self) -> str | None:
        """What was not known of lost writes before the target ran, and why; None where all was."""
        if not self.switched and not self.is_compared:
            return "lost writes: bytes alone cannot show one (--source-ram, --qmp)"
        said = [_POSTCOPY] if self.switched else []
        if self.is_compared and self.not_given:
            said.append(f"lost writes in {', '.join(self.not_given)}: memory of the source that was not given")
        return "; ".join(said) or None

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "verdict": self.verdict.as_json() if self.verdict else None,
            "failures": self.failures,
            "ends": {"source": self.source, "target": self.target},
            "bytes": {"came": self.came, "passed": self.passed, "held": self.held},
            "added_downtime_ms": None if self.added_downtime is None else round(self.added_downtime * 1000, 3),
            "lost_writes": "compared" if self.is_compared else "unchecked",
            "unchecked": self.unchecked,
        }
