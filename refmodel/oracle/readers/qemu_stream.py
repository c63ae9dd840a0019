"""The reader of QEMU migration streams, file version 3, pre-copy (QEMU 7.2 migration/savevm.c)."""

from collections.abc import Iterator

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet
from refmodel.oracle.readers.qemu_ram import RamReader
from refmodel.oracle.readers.qemu_records import Footer, Record, Section, SectionKind
from refmodel.oracle.readers.qemu_start import read_configuration, read_header
from refmodel.oracle.readers.qemu_tail import read_tail

_KINDS = {
    wire.SECTION_START: SectionKind.START,
    wire.SECTION_PART: SectionKind.PART,
    wire.SECTION_END: SectionKind.END,
}


def read_stream(source: ByteSource, keep_bytes: bool = False) -> Iterator[Record]:
    """Yield the records of the stream in `source`, in order, to its last byte.

    Only the tail after the RAM is buffered. With `keep_bytes` the records carry content in `data` as well.
    Pages that travel beside the stream (multifd channels) are not in it: their absence is no error here.

    Raises `UnusableInput` for bytes that are no QEMU stream and for parts that are not read (`NotReadYet`), and
    `BrokenStream` where the structure breaks (`EarlyEnd`: the stream ends before its end marker); nothing else.
    """
    yield read_header(source)
    yield read_configuration(source)
    ram = RamReader(source, keep_bytes)
    start: Section | None = None
    ordinal = 0
    while True:
        section = _read_section(source, start, ordinal)
        start = start or section
        ordinal += 1
        yield section
        yield from ram.read_body(section)
        yield _read_footer(source, section.section_id)
        if section.kind is SectionKind.END:
            break
    yield from read_tail(source, section.section_id, keep_bytes)


def _read_section(source: ByteSource, start: Section | None, ordinal: int) -> Section:
    """Read the head of a RAM section; `start` is the START section, None as long as there was none."""
    offset = source.offset
    kind = source.read_uint(1, "section")
    if kind == wire.COMMAND:
        raise NotReadYet(source.name, offset, "record COMMAND", "a pre-copy migration of QEMU 7.2, which sends none")
    if start is None and kind == wire.SECTION_FULL:
        raise NotReadYet(source.name, offset, "a device section before the RAM", "the START section of the RAM")
    if start is None and kind == wire.SECTION_START:
        return _read_start(source, offset)
    if start is None or kind not in (wire.SECTION_PART, wire.SECTION_END):
        expected = "type 01 (START of the RAM)" if start is None else "type 02 or 03 (PART or END of the RAM)"
        raise BrokenStream(offset, "section", expected, f"type {kind:02x}")
    section_id = source.read_uint(4, "section id")
    if section_id != start.section_id:
        raise BrokenStream(offset, "section", f"the id of the RAM, {start.section_id}", f"id {section_id}")
    length = source.offset - offset
    return Section(offset, length, _KINDS[kind], ordinal, section_id, start.name, start.instance, start.version)


def _read_start(source: ByteSource, offset: int) -> Section:
    section_id = source.read_uint(4, "section id")
    name = wire.read_name(source, "section name")
    instance = source.read_uint(4, "section instance")
    version = source.read_uint(4, "section version")
    if name != wire.RAM_SECTION:
        raise NotReadYet(source.name, offset, f"live section {name!r}", f"section {wire.RAM_SECTION!r}")
    if version != wire.RAM_VERSION:
        raise NotReadYet(source.name, offset, f"RAM section version {version}", f"version {wire.RAM_VERSION}")
    return Section(offset, source.offset - offset, SectionKind.START, 0, section_id, name, instance, version)


def _read_footer(source: ByteSource, section_id: int) -> Footer:
    offset = source.offset
    kind = source.read_uint(1, "footer")
    if kind != wire.SECTION_FOOTER:
        raise BrokenStream(offset, "footer", "type 7e", f"type {kind:02x}")
    found = source.read_uint(4, "footer")
    if found != section_id:
        raise BrokenStream(offset, "footer", f"the id of its section, {section_id}", f"id {found}")
    return Footer(offset, source.offset - offset, found)
