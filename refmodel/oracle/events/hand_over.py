"""Events of the hand-over: who runs, who may, who still has the guest, and who has its disks."""

from typing import TypeAlias

from attrs import frozen

from refmodel.oracle.events.pages import Side

__all__ = [
    "Abort",
    "Acknowledge",
    "Activate",
    "Commit",
    "Destroy",
    "Done",
    "Fence",
    "Images",
    "Lost",
    "OfHandOver",
    "Pause",
]


@frozen
class Pause:
    """The source's vCPUs stand still."""


@frozen
class Commit:
    """The source gives up its right to run; ``context``: registers and device state have travelled."""

    context: bool = True


@frozen
class Activate:
    """The guest runs at the target."""


@frozen
class Done:
    """Post-copy is complete: everything that was owed has been sent."""


@frozen
class Images:
    """A side takes the guest's disk images (``active``), or lets them go; ``flushed``: with all that it had cached."""

    side: Side
    active: bool
    flushed: bool = True


@frozen
class Abort:
    """Given up. ``runs``: the guest runs on at the source; ``told``: the target has heard of it."""

    runs: bool = True
    told: bool = True


@frozen
class Acknowledge:
    """The source knows that the target has the guest: it has said so, or somebody has found out."""


@frozen
class Destroy:
    """The source's image of the guest is gone: its memory has been freed."""


@frozen
class Fence:
    """The target will never run this guest: it was kept from it, or has given it up, or its host has died before."""


@frozen
class Lost:
    """The source's host has died."""


OfHandOver: TypeAlias = Pause | Commit | Acknowledge | Destroy | Activate | Done | Fence | Lost | Images | Abort
"""The events of who runs, and who has the guest."""
