"""What may be done to a stream on the wire: page records dropped, corrupted, doubled, exchanged, sent again, cut off.

A fault works on records as `refmodel.oracle.readers.qemu_stream` reads them. It looks only at whole pages that do not
name their block, so that what follows keeps its meaning, and at pages of RAM that the guest writes.
"""

from collections.abc import Callable, Mapping
from random import Random

from attrs import define, field

from refmodel.lab.guest import BASE
from refmodel.oracle.readers.qemu_records import Footer, Page, PageKind, Record, SectionKind
from refmodel.tap.editing import Cut

__all__ = ["FAULTS", "Fault", "made"]

_CHANCE = 40
"""One in so many of the pages that a fault could strike is struck, but for the last chance: the first of the last."""


@define
class Fault:
    """Something that happens once; `struck` says to which page."""

    strike: Callable[["Fault", Page, bytes], bytes | None]
    """Given a page and its bytes: what goes out instead, or None where it cannot strike."""
    chance: Random
    struck: int | None = None
    old: dict[int, bytes] = field(factory=dict)
    """By pfn, what was sent first of a page, as a record."""
    held: bytes = b""
    """What is put off to the next record's end."""
    late: bytes = b""
    """What goes out at the end of the section."""

    def passed(self, record: Record, data: bytes) -> bytes:
        """What goes out for a record."""
        held, self.held = self.held, b""
        if isinstance(record, Footer):
            return held + data
        if isinstance(record, Page) and _is_fit(record):
            if self.struck is None and (record.section is SectionKind.END or self.chance.randrange(_CHANCE) == 0):
                instead = self.strike(self, record, data)
                if instead is not None:
                    self.struck = record.pfn
                    data = instead
            self.old.setdefault(record.pfn, data)
        return data + held


def _is_fit(page: Page) -> bool:
    return page.kind is PageKind.PAGE and page.continued and page.block == "pc.ram" and page.pfn * 4096 >= BASE


def _drop(fault: Fault, page: Page, data: bytes) -> bytes | None:
    return b"" if page.section is SectionKind.END else None


def _corrupt(fault: Fault, page: Page, data: bytes) -> bytes | None:
    at = len(data) - 1 - fault.chance.randrange(4096)
    return data[:at] + bytes([data[at] ^ 1 << fault.chance.randrange(8)]) + data[at + 1 :]


def _duplicate(fault: Fault, page: Page, data: bytes) -> bytes | None:
    return data + data


def _reorder(fault: Fault, page: Page, data: bytes) -> bytes | None:
    fault.held = data
    return b""


def _replay(fault: Fault, page: Page, data: bytes) -> bytes | None:
    """The page's first copy again, after its last."""
    old = fault.old.get(page.pfn)
    return data + old if old is not None else None


def _cut(fault: Fault, page: Page, data: bytes) -> bytes | None:
    raise Cut


FAULTS: Mapping[str, Callable[[Fault, Page, bytes], bytes | None]] = {
    "drop": _drop,
    "corrupt": _corrupt,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "replay": _replay,
    "cut": _cut,
}


def made(name: str, seed: int) -> Fault:
    """A fault by name, that strikes at random."""
    return Fault(FAULTS[name], Random(seed))
