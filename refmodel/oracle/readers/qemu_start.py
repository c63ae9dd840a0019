"""The start of a QEMU stream: magic, version and the configuration section."""

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet, UnusableInput
from refmodel.oracle.readers.qemu_records import Configuration, Header, Subsection

_MAX_MACHINE = 1024
_PAGE_BITS = "configuration/target-page-bits"
# Subsections whose body has a fixed size in bytes (QEMU 7.2 migration/savevm.c). The body of any other has no length on
# the wire, and configuration/capabilities announces capabilities that change the RAM records.
_SUBSECTION_SIZES = {_PAGE_BITS: 4, "configuration/uuid": 16}


def read_header(source: ByteSource) -> Header:
    """Read the magic and the version.

    Raises `UnusableInput` for anything that is not QEMU's file version 3, `EarlyEnd` when only the magic is there.
    """
    start = source.peek(len(wire.MAGIC))
    if start != wire.MAGIC:
        what = f"input that begins with {start.hex(' ')}" if start else "empty input"
        raise UnusableInput(
            source.name, source.offset, what, "the magic of a QEMU migration stream, 51 45 56 4d (QEVM)"
        )
    offset = source.offset
    source.read_exact(len(wire.MAGIC), "magic")
    version_at = source.offset
    version = source.read_uint(4, "file version")
    if version != wire.VERSION:
        raise NotReadYet(source.name, version_at, f"QEMU file version {version}", f"file version {wire.VERSION}")
    return Header(offset, source.offset - offset, version)


def read_configuration(source: ByteSource) -> Configuration:
    """Read the configuration section with its subsections (QEMU 7.2 migration/savevm.c, vmstate_configuration).

    Raises `BrokenStream`, and `NotReadYet` for subsections of unknown size and for other page sizes than 4096 bytes.
    """
    offset = source.offset
    kind = source.read_uint(1, "configuration")
    if kind == wire.SECTION_START:
        # Machine types before the configuration section had no section footers either.
        raise NotReadYet(source.name, offset, "a stream without configuration section", "type 07, CONFIGURATION")
    if kind != wire.CONFIGURATION:
        raise BrokenStream(offset, "configuration", "type 07", f"type {kind:02x}")
    size = source.read_uint(4, "machine name")
    name_at = source.offset
    machine = wire.as_name(source.read_exact(size, "machine name", _MAX_MACHINE), name_at, "machine name")
    subsections: list[Subsection] = []
    while source.peek(1) == bytes([wire.SUBSECTION]):
        found_at = source.offset
        subsection = _read_subsection(source)
        if any(other.name == subsection.name for other in subsections):
            raise BrokenStream(found_at, "configuration", "each subsection once", f"a second {subsection.name}")
        subsections.append(subsection)
    return Configuration(offset, source.offset - offset, machine, tuple(subsections))


def _read_subsection(source: ByteSource) -> Subsection:
    offset = source.offset
    source.read_exact(1, "subsection")
    name = wire.read_name(source, "subsection name")
    version = source.read_uint(4, "subsection version")
    if name not in _SUBSECTION_SIZES:
        raise NotReadYet(source.name, offset, f"subsection {name}", " or ".join(_SUBSECTION_SIZES))
    body = source.read_exact(_SUBSECTION_SIZES[name], f"subsection {name}")
    if name == _PAGE_BITS and 1 << min(int.from_bytes(body, "big"), 64) != wire.PAGE_SIZE:
        bits = int.from_bytes(body, "big")
        raise NotReadYet(source.name, offset, f"a page size of {bits} bits", "pages of 4096 bytes, 12 bits")
    return Subsection(name, version, body)
