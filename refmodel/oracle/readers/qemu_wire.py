"""Numbers of the QEMU migration stream (QEMU 7.2, all big-endian) and the reading of a name."""

from hashlib import sha256

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream

MAGIC = b"QEVM"
VERSION = 3
PAGE_SIZE = 4096

# Section types: QEMU 7.2 migration/savevm.h, QEMU_VM_*.
EOF = 0x00
SECTION_START = 0x01
SECTION_PART = 0x02
SECTION_END = 0x03
SECTION_FULL = 0x04
SUBSECTION = 0x05
VMDESCRIPTION = 0x06
CONFIGURATION = 0x07
COMMAND = 0x08
SECTION_FOOTER = 0x7E

# Flags in the low bits of the offset of a RAM record: QEMU 7.2 migration/ram.c, RAM_SAVE_FLAG_*. COMPRESS went in 9.1,
# MULTIFD_FLUSH came in 8.1.
RAM_ZERO = 0x002
RAM_MEM_SIZE = 0x004
RAM_PAGE = 0x008
RAM_EOS = 0x010
RAM_CONTINUE = 0x020
RAM_XBZRLE = 0x040
RAM_COMPRESS = 0x100
RAM_MULTIFD_FLUSH = 0x200
RAM_NOT_READ = {
    0x001: "FULL",
    0x080: "HOOK",
}

RAM_UNKNOWN = (0x400, 0x800)
"""The bits below a page's size that no version read here uses; each alone could be a newer one's record."""

RAM_SECTION = "ram"
RAM_VERSION = 4

_PRINTABLE = frozenset(range(0x20, 0x7F))


def digest(data: bytes) -> str:
    """Return the first 16 hex digits of the sha256 of `data`."""
    return sha256(data).hexdigest()[:16]


def as_name(raw: bytes, offset: int, what: str) -> str:
    """Return `raw`, found at `offset`, as text. Raises `BrokenStream` unless it is printable ASCII and not empty."""
    if not raw or not _PRINTABLE.issuperset(raw):
        raise BrokenStream(offset, what, "a printable name", repr(raw))
    return raw.decode("ascii")


def read_name(source: ByteSource, what: str) -> str:
    """Read a name after its length in one byte. Raises `BrokenStream`."""
    offset = source.offset
    return as_name(source.read_exact(source.read_uint(1, what), what), offset, what)
