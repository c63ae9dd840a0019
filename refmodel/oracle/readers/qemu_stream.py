"""The reader of QEMU migration streams, file version 3 (QEMU 7.2 to 10 migration/savevm.c): pre-copy and post-copy.

A pre-copy stream ends with device sections, EOF and vmdescription. In post-copy the device sections are in a package
between the RAM sections, and EOF after the RAM is the end: there is no vmdescription.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_commands import Commands
from refmodel.oracle.readers.qemu_multifd import Channels
from refmodel.oracle.readers.qemu_ram import RamReader
from refmodel.oracle.readers.qemu_records import EndOfFile, Footer, Record, Section, SectionKind
from refmodel.oracle.readers.qemu_start import read_configuration, read_header
from refmodel.oracle.readers.qemu_tail import read_tail

_KINDS = {
    wire.SECTION_START: SectionKind.START,
    wire.SECTION_PART: SectionKind.PART,
    wire.SECTION_END: SectionKind.END,
}


def read_stream(
    source: ByteSource,
    channels: Sequence[ByteSource] = (),
    keep_bytes: bool = False,
    reader: Callable[[ByteSource, bool, Blocks, Channels | None], RamReader] = RamReader,
) -> Iterator[Record]:
    """Yield the records of the stream in `source`, in order, to its last byte.

    `channels` are the streams of its multifd channels, in any order; their pages come before the record that waits for
    them. Without them such pages are missing, which is no error here; nor is the absence of what a post-copy preempt
    channel carries. Only the tail after the RAM, or the package of post-copy, is buffered, and what
    `qemu_contents` keeps. With `keep_bytes` the records carry content in `data` and `payload` as well. `reader` reads
    the bodies of the RAM sections.

    Raises `UnusableInput` for bytes that are no QEMU stream, for parts that are not read (`NotReadYet`) and for
    channels of another migration (`WrongCompanion`), and `BrokenStream` where the structure breaks (`EarlyEnd`: the
    stream ends before its end marker); nothing else.
    """
    yield read_header(source)
    configuration = read_configuration(source)
    yield configuration
    blocks = Blocks()
    merged = Channels(channels, blocks, configuration, keep_bytes) if channels else None
    commands = Commands(source, blocks, keep_bytes, bool(channels))
    with closing(reader(source, keep_bytes, blocks, merged)) as ram:
        section_id = yield from _read_ram(source, ram, commands)
    if commands.switched:
        yield _read_end(source)
    else:
        yield from read_tail(source, section_id, keep_bytes)


def _read_ram(source: ByteSource, ram: RamReader, commands: Commands) -> Generator[Record, None, int]:
    """Yield the RAM sections, and the commands before and between them; return the section id of the RAM."""
    start: Section | None = None
    ordinal = 0
    while True:
        if source.peek(1) == bytes([wire.COMMAND]):
            yield from commands.read()
            ram.switched = commands.switched
            continue
        section = _read_section(source, start, ordinal)
        start = start or section
        ordinal += 1
        yield section
        yield from ram.read_body(section)
        yield _read_footer(source, section.section_id)
        if section.kind is SectionKind.END:
            return section.section_id


def _read_end(source: ByteSource) -> EndOfFile:
    """Read the EOF byte that ends a stream in post-copy (QEMU 7.2, qemu_savevm_state_complete_postcopy)."""
    offset = source.offset
    kind = source.read_uint(1, "EOF")
    if kind != wire.EOF:
        raise BrokenStream(offset, "EOF", "type 00 after the RAM", f"type {kind:02x}")
    if rest := source.peek(1):
        raise BrokenStream(source.offset, "EOF", "the end of the stream after post-copy", f"byte {rest.hex()}")
    return EndOfFile(offset, 1)


def _read_section(source: ByteSource, start: Section | None, ordinal: int) -> Section:
    """Read the head of a RAM section; `start` is the START section, None as long as there was none."""
    offset = source.offset
    kind = source.read_uint(1, "section")
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
