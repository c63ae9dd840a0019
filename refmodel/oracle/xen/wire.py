"""Numbers of Xen's migration stream, and the reading of its little-endian integers.

xl's header: ``tools/xl/xl.h``. libxl's wrapper: ``docs/specs/libxl-migration-stream.pandoc``. The stream of libxc,
version 3: ``docs/specs/libxc-migration-stream.pandoc`` and ``tools/libs/guest/xg_sr_stream_format.h`` (Xen 4.17).
"""

from hashlib import sha256

from refmodel.oracle.readers.bytesource import ByteSource

PAGE_SIZE = 4096

XL_MAGIC = b"Xen saved domain, xl format\n \0 \r"
XL_BYTE_ORDER = 0x01020304
XL_JSON = 1 << 0
XL_STREAM_V2 = 1 << 1
HANDSHAKE = b"domain is yours, you are cleared to unpause\0"

LIBXL_MAGIC = b"LibxlFmt"
LIBXL_VERSION = 2
LIBXL_END = 0
LIBXL_LIBXC_CONTEXT = 1
LIBXL_NOT_READ = {
    2: "EMULATOR_XENSTORE_DATA",
    3: "EMULATOR_CONTEXT",
    4: "CHECKPOINT_END",
    5: "CHECKPOINT_STATE",
}

MARKER = b"\xff" * 8
LIBXC_ID = b"XENF"
LIBXC_VERSION = 3
X86_PV = 1
PAGE_SHIFT = 12

OPTIONAL = 1 << 31
"""Set in the type of a record that a reader may skip, in libxl's wrapper and in libxc's stream."""

END = 0x00
PAGE_DATA = 0x01
PV_INFO = 0x02
P2M_FRAMES = 0x03
VCPU_BASIC = 0x04
VCPU_EXTENDED = 0x05
VCPU_XSAVE = 0x06
SHARED_INFO = 0x07
TSC_INFO = 0x08
VCPU_MSRS = 0x0C
VERIFY = 0x0D
STATIC_DATA_END = 0x10
CPUID_POLICY = 0x11
MSR_POLICY = 0x12
NOT_READ = {
    0x09: "HVM_CONTEXT",
    0x0A: "HVM_PARAMS",
    0x0B: "TOOLSTACK",
    0x0E: "CHECKPOINT",
    0x0F: "CHECKPOINT_DIRTY_PFN_LIST",
}

MAX_BATCH = 1024
"""Pages of one PAGE_DATA record at the most: ``MAX_BATCH_SIZE`` of ``tools/libs/guest/xg_sr_common.h``."""

BROKEN, XALLOC, XTAB = 0xD, 0xE, 0xF
PAGE_TYPES = {
    0x0: "page",
    **{level: f"l{level}" for level in range(1, 5)},
    **{8 | level: f"l{level}-pinned" for level in range(1, 5)},
    BROKEN: "broken",
    XALLOC: "allocate-only",
    XTAB: "absent",
}
"""Page types by the upper four bits of an entry, ``XEN_DOMCTL_PFINFO_*`` of ``xen/include/public/domctl.h``."""
WITHOUT_DATA = (BROKEN, XALLOC, XTAB)
PFN_MASK = (1 << 52) - 1

ABSENT = "absent"
"""The digest of a page that is not there: a pfn without a frame, or one that was sent without data."""


def digest(page_type: int, data: bytes) -> str:
    """Return the page's type and the first 16 hex digits of the sha256 of its 4096 bytes: equal for equal pages."""
    return f"{PAGE_TYPES.get(page_type, hex(page_type))}:{sha256(data).hexdigest()[:16]}"


def little(source: ByteSource, size: int, what: str) -> int:
    """Read a little-endian unsigned integer of `size` bytes. Raises like `ByteSource.read_exact`."""
    return int.from_bytes(source.read_exact(size, what), "little")
