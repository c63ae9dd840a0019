"""What is filled of a recording of Xen: every plain page, wherever it is, but those that rules look into.

What stays, in the stream and in the memory images alike: page-table pages (by their type there), start_info, the page
of the xenstore ring, and the pages of the p2m list. The files without pages, the vCPU's and shared_info's records, and
the tables that the hardware walked (``tables.bin``), stay as they are.
"""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.errors import BrokenStream, UnusableInput
from refmodel.oracle.reduce.filling import PAGE_SIZE, Fill, filled, word_of
from refmodel.oracle.xen.memory_image import MAGIC
from refmodel.oracle.xen.page_tables import level_of
from refmodel.oracle.xen.records import Page
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.target import specials_of
from refmodel.oracle.xen.wrapper import read_stream

__all__ = ["plan_of"]

_IMAGES = ("src.mem", "dst.mem", "before.mem")
_COPIED = (
    "logdirty.log",
    "bitmaps.bin",
    "peek.bin",
    "times.txt",
    "trace.bin",
    "xenperf.txt",
    "tables.bin",
    "regs.txt",
)
_HEAD = struct.Struct("<8sQQII")
_FRAME = struct.Struct("<3Q")

Plan = dict[Path, Callable[[ByteSource], Iterator[bytes]]]


def plan_of(folder: Path, stream: Path) -> Plan:
    """Each file of the reduced recording with what makes it, from a source of the whole one's bytes.

    Raises `Unusable` for what cannot be read; of a stream that breaks, what comes before is reduced.
    """
    fills, special = _stream(stream)
    plan: Plan = {stream: partial(filled, fills=fills)}
    for name in _IMAGES:
        if (path := beside(folder, name)) is not None:
            with open_input(str(path)) as source:
                plan[path] = partial(filled, fills=_image(source, special))
    for name in _COPIED:
        if (path := beside(folder, name)) is not None:
            plan[path] = partial(filled, fills=())
    return plan


def _stream(path: Path) -> tuple[list[Fill], frozenset[int]]:
    """The plain pages of a stream, and the pfns of those that are special."""
    story = Story(Judge(str(path)))
    plain: list[tuple[int, Fill]] = []
    with open_input(str(path)) as source:
        try:
            for record in read_stream(source):
                story.take(record)
                if not isinstance(record, Page) or record.data is None or level_of(record.type):
                    continue
                if word := word_of(record.data):
                    plain.append((record.pfn, Fill(record.offset, word)))
        except BrokenStream:
            pass
    special = specials_of(story).pfns
    return [fill for pfn, fill in plain if pfn not in special], special


def _image(source: ByteSource, special: frozenset[int]) -> list[Fill]:
    """The plain pages of a memory image (``xen.memory_image`` has the layout)."""
    try:
        magic, _, count, _, length = _HEAD.unpack(source.read_exact(_HEAD.size, "head"))
        if magic != MAGIC:
            raise UnusableInput(source.name, 0, "no memory image", f"{MAGIC!r} at its start")
        source.read_exact(length, "vCPU context")
        frames = [_FRAME.unpack(source.read_exact(_FRAME.size, "frame")) for _ in range(count)]
        fills = []
        for _, pfn, info in frames:
            at = source.offset
            word = word_of(source.read_exact(PAGE_SIZE, f"pfn {pfn}"))
            if word and pfn not in special and not level_of(info >> 28 & 0xF):
                fills.append(Fill(at, word))
    except BrokenStream as error:
        raise UnusableInput(source.name, error.offset, f"{error.record}: {error.found}", error.expected) from error
    return fills
