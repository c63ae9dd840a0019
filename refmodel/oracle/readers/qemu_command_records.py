"""Records of QEMU's COMMAND sections: what tells the target of post-copy, and of the switch-over.

As in `qemu_records`, `offset` and `length` are in bytes of the decompressed stream. A PACKAGED command covers its head
alone: what is in the package follows as records of its own.
"""

from enum import Enum

from attrs import field, frozen


class CommandKind(Enum):
    """The commands that are read: QEMU 7.2 migration/savevm.c, enum qemu_vm_cmd; SWITCHOVER_START came in 10.0."""

    OPEN_RETURN_PATH = 1
    PING = 2
    POSTCOPY_ADVISE = 3
    POSTCOPY_LISTEN = 4
    POSTCOPY_RUN = 5
    POSTCOPY_RAM_DISCARD = 6
    PACKAGED = 7
    SWITCHOVER_START = 11


@frozen
class Command:
    """A command. `numbers`: of PING its number, of ADVISE the page sizes in bytes, of PACKAGED the package's bytes."""

    offset: int
    length: int
    kind: CommandKind
    numbers: tuple[int, ...] = ()


@frozen
class Discard:
    """POSTCOPY_RAM_DISCARD: pages of `block` that the target drops; `ranges` are (first pfn, pages)."""

    offset: int
    length: int
    block: str
    ranges: tuple[tuple[int, int], ...]


@frozen
class PackagedDevices:
    """The device sections inside a package, as one: without a vmdescription nothing tells their sizes."""

    offset: int
    length: int
    digest: str
    data: bytes | None = field(default=None, repr=False)
