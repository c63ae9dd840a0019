"""Real recordings, bundled: QEMU 7.2.22 (Debian 12, TCG) migrating a bare-metal guest with 2 MiB of RAM.

The guest is 4 KiB of C without paging or DMA, whose timer tick stores to a working set of pages. Each folder has the
stream that the destination was given and both sides' memory at the cutover, as digests. Nobody tampered with any of
them: in ``qemu72_lost_dirty_bits`` QEMU reported success.
"""

from pathlib import Path
from typing import Literal

from attrs import frozen

__all__ = ["RECORDINGS", "Recording"]


@frozen
class Recording:
    """A bundled recording: its folder, what the oracle must say of it, and of how many pages."""

    name: str
    verdict: Literal["accepted", "violation"]
    lost: int
    what: str

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(__file__).parent / self.name


RECORDINGS = (
    Recording("tiny", "accepted", 0, "right"),
    Recording("tiny_zero", "accepted", 0, "right, with pages zeroed"),
    Recording("qemu72_lost_dirty_bits", "violation", 56, "Debian 12's QEMU, as shipped"),
)
