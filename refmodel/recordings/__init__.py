"""Real recordings, bundled, each reduced to under 300 KB by ``refmodel reduce``; README.md says how, and of what.

QEMU 7.2.22 (Debian 12, TCG) migrating a bare-metal guest with 2 MiB of RAM, and Xen 4.17 migrating a Linux guest of
32 MiB under shadow log-dirty. Nobody tampered with any of them: in ``qemu72_lost_dirty_bits`` QEMU reported success.
"""

from pathlib import Path
from typing import Literal

from attrs import frozen

__all__ = ["RECORDINGS", "Recording"]


@frozen
class Recording:
    """A bundled recording: its folder, what the oracle must say of it, and of how many pages."""

    name: str
    verdict: Literal["accepted", "violation", "unusable"]
    lost: int
    """Pages whose last store did not arrive."""
    what: str
    source: str
    """The whole recording's folder, among the captures: `refmodel reduce CAPTURES/SOURCE NAME` makes it anew."""

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(__file__).parent / self.name


RECORDINGS = (
    Recording("tiny_zero", "accepted", 0, "QEMU, right, with pages zeroed", "qemu/good/tiny_zero"),
    Recording("tiny_xbzrle", "accepted", 0, "QEMU, right, with deltas", "qemu/good/tiny_xbzrle"),
    Recording(
        "qemu72_lost_dirty_bits",
        "violation",
        56,
        "Debian 12's QEMU",
        "qemu/bad/qemu72_lost_dirty_bits",
    ),
    Recording("xen_idle", "accepted", 0, "Xen, both sides' memory", "xen/idle"),
    Recording("xen_traced", "accepted", 0, "Xen, each fault traced", "xen/traced"),
    Recording(
        "xen_shadow",
        "unusable",
        0,
        "Xen, shadow in mid-round, no truth",
        "xen/shadow",
    ),
)
