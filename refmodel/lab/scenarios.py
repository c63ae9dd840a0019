"""What the lab can run: data. Each is a guest, the parameters of a migration, and what happens meanwhile."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from refmodel.lab.guest import Guest, Pattern

__all__ = ["SCENARIOS", "Scenario"]

_RAM = (2 << 20) + (8 << 10)
"""Not a multiple of 256 KiB: the path that loses dirty bits in QEMU 7.2 to 8.2 under TCG is not taken."""
_FAST: Mapping[str, Any] = {"max-bandwidth": 8 << 20, "downtime-limit": 20}
"""Bytes a second, and milliseconds: a few rounds, for what the guest writes."""
_SLOW: Mapping[str, Any] = {"max-bandwidth": 2 << 20, "downtime-limit": 100}
"""Slower than the guest writes: it ends because dirty bits are lost, and only then."""
_AT_ONCE: Mapping[str, Any] = {"max-bandwidth": 2 << 20, "downtime-limit": 400}
"""All that the guest writes fits into the downtime: one round, and the stop."""


@frozen
class Scenario:
    """One kind of run."""

    what: str
    guest: Guest = field(factory=Guest)
    ram: int = _RAM
    capabilities: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default=_FAST)
    meanwhile: str = "nothing"
    """``nothing``, ``cancel`` (and try again), ``post-copy`` (switch), ``give in`` (allow more downtime)."""
    fault: str | None = None
    status: str = "completed"
    """What the migration ends in."""
    aborts: bool = False
    """The tap is to cut the wire when it finds something."""

    asks: bool = False
    """The tap asks QEMU for the RAM, over a monitor of its own, instead of reading the file that is shared."""

    @property
    def cuts(self) -> bool:
        """It is to come to that."""
        return self.aborts and self.status == "failed"


SCENARIOS: Mapping[str, Scenario] = {
    "plain": Scenario("pages, and a guest that writes one after the other"),
    "zero": Scenario("half of what the guest writes is zeros", Guest(pattern=Pattern.ZEROING)),
    "xbzrle": Scenario(
        "pages as deltas",
        Guest(pattern=Pattern.HOT),
        capabilities=("xbzrle",),
        parameters={**_FAST, "xbzrle-cache-size": 1 << 20},
    ),
    "multifd": Scenario(
        "two channels beside the stream", capabilities=("multifd",), parameters={**_FAST, "multifd-channels": 2}
    ),
    "auto-converge": Scenario(
        "a guest that writes faster than the wire carries, slowed down until it does not",
        Guest(gap=300, pattern=Pattern.UNIFORM),
        capabilities=("auto-converge",),
        parameters={"max-bandwidth": 4 << 20, "downtime-limit": 60, "cpu-throttle-initial": 70},
        meanwhile="give in",
    ),
    "post-copy": Scenario(
        "the guest goes on at the target while pages are owed",
        Guest(pattern=Pattern.UNIFORM),
        capabilities=("postcopy-ram",),
        parameters={"max-bandwidth": 2 << 20, "max-postcopy-bandwidth": 8 << 20},
        meanwhile="post-copy",
    ),
    "cancel": Scenario(
        "cancelled under way, and tried again with another target",
        parameters={"max-bandwidth": 1 << 20, "downtime-limit": 10},
        meanwhile="cancel",
    ),
    "hot": Scenario(
        "does not converge: in the end more downtime is allowed",
        Guest(gap=300, pattern=Pattern.UNIFORM),
        parameters={"max-bandwidth": 4 << 20, "downtime-limit": 5},
        meanwhile="give in",
    ),
    "aligned": Scenario(
        "RAM of whole 256 KiB: QEMU 7.2 to 8.2 loses dirty bits under TCG, and reports success",
        Guest(gap=1000),
        ram=2 << 20,
        parameters=_SLOW,
    ),
    "stopped": Scenario(
        "as `aligned`, with a return path: the tap cuts the wire before the target can start, and the source goes on",
        Guest(gap=1000),
        ram=2 << 20,
        capabilities=("return-path",),
        parameters=_SLOW,
        status="failed",
        aborts=True,
    ),
    "unstopped": Scenario(
        "as `stopped`, with 8 KiB more: nothing is lost, and nothing is cut",
        Guest(gap=1000),
        capabilities=("return-path",),
        parameters=_AT_ONCE,
        aborts=True,
    ),
    "asked": Scenario(
        "as `unstopped`, and the tap has the RAM from QEMU's monitor",
        Guest(gap=1000),
        capabilities=("return-path",),
        parameters=_AT_ONCE,
        aborts=True,
        asks=True,
    ),
    "drop": Scenario("a page record of the last pass does not arrive", fault="drop"),
    "corrupt": Scenario("a bit of a page is turned over", fault="corrupt"),
    "duplicate": Scenario("a page record arrives twice: harmless", fault="duplicate"),
    "reorder": Scenario("two records change places: harmless where they are of two pages", fault="reorder"),
    "replay": Scenario("the first copy of a page arrives after its last", fault="replay"),
    "cut": Scenario(
        "the wire is lost, and the source, which waits for the target's word, goes on",
        capabilities=("return-path",),
        fault="cut",
        status="failed",
    ),
}
