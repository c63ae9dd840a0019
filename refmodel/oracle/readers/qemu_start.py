"""The start of a QEMU stream: magic, version and the configuration section."""

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet, UnusableInput
from refmodel.oracle.readers.qemu_records import Configuration, Header, Subsection

_MAX_MACHINE = 1024
_PAGE_BITS = "configuration/target-page-bits"
_CAPABILITIES = "configuration/capabilities"
_MAX_CAPABILITIES = 64
# Subsections whose body has a fixed size in bytes (QEMU 7.2 migration/savevm.c). The body of any other but the
# capabilities has no length on the wire.
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
    if name == _CAPABILITIES:
        return Subsection(name, version, _read_capabilities(source, offset))
    if name not in _SUBSECTION_SIZES:
        raise NotReadYet(source.name, offset, f"subsection {name}", " or ".join((*_SUBSECTION_SIZES, _CAPABILITIES)))
    body = source.read_exact(_SUBSECTION_SIZES[name], f"subsection {name}")
    if name == _PAGE_BITS and 1 << min(int.from_bytes(body, "big"), 64) != wire.PAGE_SIZE:
        bits = int.from_bytes(body, "big")
        raise NotReadYet(source.name, offset, f"a page size of {bits} bits", "pages of 4096 bytes, 12 bits")
    return Subsection(name, version, body)


def _read_capabilities(source: ByteSource, offset: int) -> bytes:
    """Return the body of the capabilities: u32 count, then names (QEMU 7.2 migration/savevm.c, put_capability).

    QEMU names there only what both sides must agree on: x-ignore-shared (4.0) and mapped-ram (9.0). Each changes the
    RAM records, so that any name is refused with `NotReadYet`.
    """
    count = source.read_uint(4, "capabilities")
    if count > _MAX_CAPABILITIES:
        raise BrokenStream(offset, "capabilities", f"at most {_MAX_CAPABILITIES}", f"{count}")
    names = [wire.read_name(source, "capability name") for _ in range(count)]
    if names:
        raise NotReadYet(source.name, offset, f"the capability {', '.join(names)}", "no capability there")
    return bytes(4)
