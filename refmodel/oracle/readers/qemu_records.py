"""Records of a QEMU migration stream, in the order in which they are on the wire.

In every record `offset` is the position of its first byte in the decompressed stream and `length` its size on the wire,
both in bytes: the records of a stream cover it without gap or overlap, except the pages of multifd channels, which lie
in streams of their own. A `digest` is the first 16 hex digits of the sha256 of the content. `data` holds bytes only
where the caller asked for them.
"""

from enum import Enum

from attrs import field, frozen

from refmodel.oracle.readers.qemu_command_records import Command, Discard, PackagedDevices


class SectionKind(Enum):
    """The kinds of RAM section; END is sent after the vCPUs stopped."""

    START = "START"
    PART = "PART"
    END = "END"


class PageKind(Enum):
    """How the content of a page is on the wire."""

    PAGE = "page"
    ZERO = "zero"
    XBZRLE = "xbzrle"
    ZLIB = "zlib"
    MULTIFD = "multifd"


@frozen
class Header:
    """The magic and the version of the file format."""

    offset: int
    length: int
    version: int


@frozen
class Subsection:
    """A subsection of the configuration; `body` is its content without name and version."""

    name: str
    version: int
    body: bytes


@frozen
class Configuration:
    """The machine type of the source."""

    offset: int
    length: int
    machine: str
    subsections: tuple[Subsection, ...] = ()


@frozen
class Section:
    """The head of a RAM section. `ordinal` counts the RAM sections of the stream from 0 (the START)."""

    offset: int
    length: int
    kind: SectionKind
    ordinal: int
    section_id: int
    name: str
    instance: int
    version: int


@frozen
class RamBlock:
    """A RAM block; `length` is its size in bytes, a multiple of the page size."""

    name: str
    length: int


@frozen
class BlockList:
    """The MEM_SIZE record: the RAM blocks in the order of the wire; `total` is the sum of their sizes in bytes."""

    offset: int
    length: int
    total: int
    blocks: tuple[RamBlock, ...]


@frozen
class Page:
    """One sent page. `pfn` is the index of the page inside its block, in pages of 4096 bytes.

    `continued`: the record does not name its block, which is that of the record before it. `fill` is the byte that a
    ZERO record repeats, None for others. `digest` and `data` are of the 4096 bytes that the record stands for, and
    `payload` is what an XBZRLE or ZLIB record carries for them. A MULTIFD page comes from packet number `packet` of
    channel `channel`; its `offset` is in the channel's own stream, and its section is that of the sync.
    """

    offset: int
    length: int
    section: SectionKind
    ordinal: int
    section_id: int
    block: str
    pfn: int
    kind: PageKind
    continued: bool
    digest: str
    fill: int | None = None
    data: bytes | None = field(default=None, repr=False)
    payload: bytes | None = field(default=None, repr=False)
    channel: int | None = None
    packet: int | None = None


@frozen
class MultifdFlush:
    """A sync point of the multifd channels inside a RAM section (QEMU 8.1 and later)."""

    offset: int
    length: int
    section: SectionKind
    ordinal: int


@frozen
class EndOfSection:
    """The EOS record, the end of the body of a RAM section."""

    offset: int
    length: int
    section: SectionKind
    ordinal: int


@frozen
class Footer:
    """The footer of a RAM section."""

    offset: int
    length: int
    section_id: int


@frozen
class Device:
    """A whole device section with its footer; `digest` and `data` are of the body, its subsections included."""

    offset: int
    length: int
    section_id: int
    name: str
    instance: int
    version: int
    digest: str
    data: bytes | None = field(default=None, repr=False)


@frozen
class EndOfFile:
    """The EOF byte, after the last device section."""

    offset: int
    length: int


@frozen
class VmDescription:
    """The JSON that describes and counts the `devices`, and ends the stream; `page_size` is in bytes."""

    offset: int
    length: int
    page_size: int
    devices: int
    data: bytes | None = field(default=None, repr=False)


Record = (
    Header
    | Configuration
    | Section
    | BlockList
    | Page
    | MultifdFlush
    | Command
    | Discard
    | PackagedDevices
    | EndOfSection
    | Footer
    | Device
    | EndOfFile
    | VmDescription
)
