"""Records of a Xen migration stream, in the order in which they are on the wire.

`offset` is the position of the record's first byte in the decompressed stream, in bytes.
"""

from attrs import field, frozen

__all__ = [
    "Batch",
    "End",
    "Handshake",
    "ImageHeader",
    "LibxlEnd",
    "LibxlHeader",
    "Opaque",
    "P2mFrames",
    "Page",
    "PvInfo",
    "Record",
    "SharedInfo",
    "TscInfo",
    "Vcpu",
    "Verify",
    "XlHeader",
]


@frozen
class XlHeader:
    """xl's header with the domain's configuration as JSON text."""

    offset: int
    flags: int
    config: bytes = field(repr=False)


@frozen
class LibxlHeader:
    """The header of libxl's wrapper, version 2."""

    offset: int
    options: int


@frozen
class ImageHeader:
    """The header of libxc's stream and the domain header: an x86 PV guest saved by this version of Xen."""

    offset: int
    xen_major: int
    xen_minor: int


@frozen
class PvInfo:
    """The guest's width in bytes and its page-table levels."""

    offset: int
    width: int
    levels: int


@frozen
class P2mFrames:
    """The pfns `first` to `last` exist; `frames` are the pfns of the pages that hold the guest's p2m list for them."""

    offset: int
    first: int
    last: int
    frames: tuple[int, ...]


@frozen
class Batch:
    """The head of a PAGE_DATA record of `count` pages, which follow."""

    offset: int
    count: int


@frozen
class Page:
    """One entry of a PAGE_DATA record. `offset` is that of its 4096 bytes, or of its entry when `data` is None.

    `type` is the page's type, bits 63:60 of its entry. `opens_batch`: the first of its record.
    """

    offset: int
    pfn: int
    type: int
    opens_batch: bool
    data: bytes | None = field(repr=False)


@frozen
class Verify:
    """What follows is sent again to be compared, not stored."""

    offset: int


@frozen
class TscInfo:
    """The guest's TSC: mode, frequency in kHz, elapsed nanoseconds, incarnation."""

    offset: int
    mode: int
    khz: int
    nanoseconds: int
    incarnation: int


@frozen
class SharedInfo:
    """The shared info page, 4096 bytes."""

    offset: int
    data: bytes = field(repr=False)


@frozen
class Vcpu:
    """A part of a vCPU's state: "basic" (``vcpu_guest_context``), "extended", "xsave" or "msrs"."""

    offset: int
    part: str
    vcpu: int
    data: bytes = field(repr=False)


@frozen
class Opaque:
    """A record whose content is not looked into: a policy, STATIC_DATA_END, or an optional one that was skipped."""

    offset: int
    type: int
    length: int


@frozen
class End:
    """The END record of libxc's stream."""

    offset: int


@frozen
class LibxlEnd:
    """The END record of libxl's wrapper."""

    offset: int


@frozen
class Handshake:
    """The sender's leave to unpause the domain; a stream that was saved to a file has none."""

    offset: int


Record = (
    XlHeader
    | LibxlHeader
    | ImageHeader
    | PvInfo
    | P2mFrames
    | Batch
    | Page
    | Verify
    | TscInfo
    | SharedInfo
    | Vcpu
    | Opaque
    | End
    | LibxlEnd
    | Handshake
)
