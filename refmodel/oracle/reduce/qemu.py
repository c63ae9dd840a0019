"""What is filled of a recording of QEMU: pages that the guest cannot have changed, firmware above all.

* Blocks other than the main memory (ROMs): every PAGE record of a page.
* Main memory: the PAGE record of a page that travels once, and to which the store log has no store during the
  migration. Without a store log, none. The firmware's copies of itself are such pages.

A page that travels as a delta, compressed, or over a multifd channel stays. In ``truth.json`` the digests of filled
pages follow, each from what a record carried to what it carries now. Everything else stays, byte for byte.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import orjson
from attrs import define, field

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.readers.qemu_records import BlockList, Page, PageKind
from refmodel.oracle.readers.qemu_stores import read_stores
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.reduce.filling import PAGE_SIZE, Fill, filled, page_of, word_of

__all__ = ["plan_of"]

_MAIN = "pc.ram"
_COPIED = ("src.trace", "dst.trace", "writes.csv")
_LARGEST = 1 << 30

Place = tuple[str, int]
Plan = dict[Path, Callable[[ByteSource], Iterator[bytes]]]


@define
class _Sent:
    """What travelled of a page: how many records, which of them to fill, and their digests before and after."""

    times: int = 0
    whole: bool = True
    fills: list[Fill] = field(factory=list)
    renamed: dict[str, str] = field(factory=dict)

    def take(self, page: Page) -> None:
        self.times += 1
        self.whole &= page.kind in (PageKind.PAGE, PageKind.ZERO)
        if page.kind is PageKind.PAGE and page.data is not None and (word := word_of(page.data)):
            self.fills.append(Fill(page.offset + page.length - PAGE_SIZE, word))
            self.renamed[page.digest] = digest(page_of(word))


def plan_of(folder: Path, stream: Path) -> Plan:
    """Each file of the reduced recording with what makes it, from a source of the whole one's bytes.

    Raises `Unusable` for what cannot be read; of a stream that breaks, what comes before is reduced.
    """
    channels = sorted(folder.glob("stream.mfd*"))
    sent, main = _pages(stream, channels)
    stored = _stored(folder)
    chosen = {
        (block, pfn): page
        for (block, pfn), page in sent.items()
        if page.whole and (block != main or (page.times == 1 and stored is not None and pfn not in stored))
    }
    fills = [fill for page in chosen.values() for fill in page.fills]
    plan: Plan = {stream: partial(filled, fills=fills)}
    for path in (beside(folder, name) for name in _COPIED):
        if path is not None:
            plan[path] = partial(filled, fills=())
    plan |= {path: partial(filled, fills=()) for path in channels}
    if (truth := beside(folder, "truth.json")) is not None:
        plan[truth] = partial(_truth, renamed={place: page.renamed for place, page in chosen.items()})
    return plan


def _pages(stream: Path, channels: list[Path]) -> tuple[dict[Place, _Sent], str]:
    """What travelled of each page, and the main memory's block."""
    sent: dict[Place, _Sent] = {}
    main = ""
    with ExitStack() as stack:
        source, *others = (stack.enter_context(open_input(str(path))) for path in (stream, *channels))
        try:
            for record in read_stream(source, others, keep_bytes=True):
                match record:
                    case BlockList():
                        names = [block.name for block in record.blocks]
                        main = _MAIN if _MAIN in names else names[0]
                    case Page():
                        sent.setdefault((record.block, record.pfn), _Sent()).take(record)
        except BrokenStream:
            pass
    return sent, main


def _stored(folder: Path) -> set[int] | None:
    """The pages that were stored to during the migration; None without a store log."""
    path = beside(folder, "writes.csv")
    if path is None:
        return None
    with open_input(str(path)) as source:
        return {row.pfn for row in read_stores(source) if row.during}


def _truth(source: ByteSource, renamed: dict[Place, dict[str, str]]) -> Iterator[bytes]:
    """Yield the truth, which has been judged, with other digests."""
    sides = orjson.loads(source.read_rest(_LARGEST, "the truth"))
    for side in ("source", "target"):
        for block, pages in sides.get(side, {}).items():
            for pfn, found in pages.items():
                pages[pfn] = renamed.get((block, int(pfn)), {}).get(found, found)
    yield orjson.dumps(sides) + b"\n"
