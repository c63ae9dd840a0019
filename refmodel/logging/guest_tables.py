"""Guest page tables in guest memory: the part as a whole, and a guest to begin with.

Read ``table_walk`` (what a table is), ``table_stores`` (the second reason to be read-only; emulation), ``table_bits``
(A and D), ``table_sync`` (in sync and out of it), ``handover/root_register`` (what travels).
"""

from attrs import frozen

from refmodel.handover.root_register import RootTravels
from refmodel.language import Sizes
from refmodel.logging.table_state import EntryLayout, G
from refmodel.logging.table_sync import TableSync

__all__ = ["NOT_PRESENT", "USED", "VALUES", "EntryValue", "GuestTables"]


@frozen
class EntryValue:
    """What a value means in an entry of the concrete guest that machines start with."""

    names: int = -1
    """The number of the frame that it names: the first is the root; -1 for the last, which is all tables below it."""
    writable: bool = True
    accessed: int = -1
    """The value that the walker makes it when it sets A; -1 where A is set."""
    dirty: int = -1
    """The same for D."""


NOT_PRESENT, USED = 0, 1
VALUES = (
    None,
    EntryValue(),
    EntryValue(dirty=1),
    EntryValue(writable=False),
    EntryValue(accessed=2, dirty=2),
    EntryValue(names=0),
    EntryValue(names=1),
)
"""By value: not present; writable, A and D set; the same without D; read-only; writable with neither bit; the root's
own frame, writable; the second frame, writable. Values beyond are data, and as entries not present."""


class GuestTables(RootTravels[G], TableSync[G]):
    """The guest's page tables are pages: walked, stored to, trapped, logged, transferred."""

    def start(self, sizes: Sizes) -> G:
        """Every word is an entry that names the last frame: with one frame it is root, lower table and page in one.

        Pages share no upper entry while there are words enough, and share the leaf, so that two name one frame.
        """
        m = super().start(sizes)
        last = sizes["pfn"] - 1
        layout = m.layout.but(upper=m.layout.upper.made(lambda v: v % sizes["word"]))
        for value, entry in enumerate(VALUES[: sizes["value"]]):
            if entry:
                layout = _laid_out(layout, value, entry, last, sizes["value"])
        used = m.source.memory.made(lambda p, w: min(USED, sizes["value"] - 1))
        tables = m.but(layout=layout, roots=m.roots.but(target=last), source=m.source.but(memory=used))
        return tables.but(
            source=tables.source.but(table=self.walk(tables, tables.roots.guest, used)),
        )


def _laid_out(layout: EntryLayout, value: int, entry: EntryValue, last: int, values: int) -> EntryLayout:
    """The layout with one value's meaning; a bit that leads to a value that is not there counts as set."""

    def bit(other: int) -> int:
        return other if 0 <= other < values else value

    return layout.but(
        frame_of=layout.frame_of.set(value, entry.names % (last + 1)),
        is_present=layout.is_present.add(value),
        is_writable=layout.is_writable.put(value, entry.writable),
        with_accessed=layout.with_accessed.set(value, bit(entry.accessed)),
        with_dirty=layout.with_dirty.set(value, bit(entry.dirty)),
    )
