"""Wrong variants of guest page tables in guest memory: M07, M08, M09, M14."""

from collections.abc import Callable, Mapping

from refmodel.language import neg
from refmodel.logging.shadow import Entry
from refmodel.logging.table_bits import WalkerBits
from refmodel.logging.table_state import G
from refmodel.logging.table_stores import TableStores
from refmodel.logging.table_sync import TableSync
from refmodel.state import Shadow
from refmodel.variants.variant import Variant

__all__ = ["GUEST_TABLE_VARIANTS"]


class BitsUnmarked(WalkerBits[G]):
    def bit_set(self, m: G, page: int, word: int, value: int) -> G:
        """The fault handler stores the bit into the table and forgets that this is a write to guest memory."""
        return self.followed(m, page, word, value)


class BitsMarkTheRoot(WalkerBits[G]):
    def bit_set(self, m: G, page: int, word: int, value: int) -> G:
        """The root table is marked, whichever table the bit went to."""
        return self.followed(self.accounted(m, m.roots.guest), page, word, value)


class MarksWhatIsWritable(WalkerBits[G]):
    def bit_set(self, m: G, page: int, word: int, value: int) -> G:
        """The table is marked if a mapping of it is writable; protection, for the log or as a table, took W before."""
        if m.shadow.writable.never(lambda v: m.shadow.frame[v] == page):
            return self.followed(m, page, word, value)
        return self.written(m, page, word, value)


class EntersCleanEntriesWritable(TableStores[G]):
    def propagate(self, m: G, vpn: int) -> Entry:
        """An entry is writable where the guest grants it, and nobody has noted in the guest's that it is written."""
        entry = super().propagate(m, vpn)
        permitted = self.permits(m, entry.frame) & neg(self.traps(m, entry.frame))
        return Entry(entry.present, entry.frame, self.is_granted(m, vpn) & permitted)


class LooksAtTheLogAlone(TableStores[G]):
    def logged(self, m: G, cpu: int, vpn: int) -> G:
        """The fault has ended the log's protection, and the entry becomes writable, though the page is a table."""
        after = super().logged(m, cpu, vpn)
        return after.but(shadow=after.shadow.but(writable=after.shadow.writable.add(vpn)))


class UnsyncGrants(TableSync[G]):
    def untrapped(self, m: G, page: int) -> G:
        """The page is a table no longer, and write access comes back, though its stores are logged."""
        shadow, table = m.shadow, m.source.table
        writable = shadow.writable.where(
            lambda v: shadow.present[v] & (shadow.frame[v] == page) & neg(shadow.unsynced[v]) & table.writable[v], True
        )
        return m.but(shadow=shadow.but(writable=writable))


class ClaimsWithoutRevoking(TableSync[G]):
    def claimed(self, m: G, page: int) -> G:
        """A frame that was a table before is taken for write-protected still."""
        return super().claimed(m, page).but(shadow=m.shadow)


class ResyncGrantsTables(TableStores[G]):
    def refreshed(self, m: G, which: Callable[[int], bool]) -> Shadow:
        """Entries that are brought in sync get the guest's rights, also those that map a table."""
        shadow, table = super().refreshed(m, which), m.source.table
        regained = shadow.writable.where(
            lambda v: which(v) & shadow.present[v] & table.writable[v] & self.permits(m, table.frame[v]), True
        )
        return shadow.but(writable=regained)


class ClaimSkipsTheFlush(TableSync[G]):
    def claimed(self, m: G, page: int) -> G:
        """No shadow mapping is writable, so it thinks that no TLB entry is; W was cleared for the log, or remapped."""
        after = super().claimed(m, page)
        if m.shadow.writable.never(lambda v: m.shadow.frame[v] == page):
            return self.resynced(after)
        return after


class ClaimLetsEntriesIn(TableStores[G]):
    def traps(self, m: G, page: int) -> bool:
        """Until the last flush the frame counts as no table: another CPU's fault brings a writable entry back."""
        return m.tables.trapped[page]


class EmulatesUnmarked(TableStores[G]):
    def emulated(self, m: G, page: int, word: int, value: int) -> G:
        """The emulated store reaches memory and the shadow, and the page is not marked."""
        return self.followed(m, page, word, value)


class EmulationZaps(TableStores[G]):
    def refreshed(self, m: G, which: Callable[[int], bool]) -> Shadow:
        """What is to be made afresh goes, and is filled again on demand."""
        shadow = super().refreshed(m, which)
        return shadow.but(
            present=shadow.present.where(which, False),
            writable=shadow.writable.where(which, False),
        )


class ProtectsCleanEntries(TableSync[G]):
    def claimed(self, m: G, page: int) -> G:
        """When some frame is claimed, entries that are clean in the guest's table go, wherever they are."""
        after = super().claimed(m, page)
        shadow, table = after.shadow, after.source.table
        kept = shadow.present.where(lambda v: neg(table.writable[v]) & neg(shadow.unsynced[v]), False)
        return after.but(shadow=shadow.but(present=kept, writable=shadow.writable & kept))


_MACHINE = "seed+guest-tables"


def _small(pfn: int = 1, vpn: int = 1, cpu: int = 1) -> tuple[Mapping[str, int], ...]:
    return ({"pfn": pfn, "vpn": vpn, "cpu": cpu, "word": 1, "value": 3},)


_ONE = _small()
"""One frame that is root, lower table and page in one: enough for most, and searched whole in seconds."""

GUEST_TABLE_VARIANTS = (
    Variant(
        "table-flush-elided",
        "M07",
        ClaimSkipsTheFlush,
        "a frame that becomes a table is not flushed where no shadow mapping was writable any more",
        ("7c8a4742c4ab",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "table-flush-early",
        "M07",
        ClaimLetsEntriesIn,
        "CPUs are flushed for a frame before anything keeps writable entries of it out",
        ("8cc5036bc3",),
        machine=_MACHINE,
        growing=_small(cpu=2),
    ),
    Variant(
        "bits-unmarked",
        "M14",
        BitsUnmarked,
        "the fault handler sets A or D in a guest table, and the table's page is not marked",
        ("9990621f33",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "bits-mark-root",
        "M08",
        BitsMarkTheRoot,
        "a bit is set in one table, and the page of another is marked",
        ("db2af23d15",),
        machine=_MACHINE,
        growing=_small(pfn=2),
    ),
    Variant(
        "dirty-if-writable",
        "M08",
        MarksWhatIsWritable,
        "a page counts as dirty where a mapping is writable; write access was removed before",
        ("855149aaa900",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "clean-entry-writable",
        "M08",
        EntersCleanEntriesWritable,
        "an entry is writable while the guest's D bit is clear, and nothing notes the store",
        ("9ed5520dd3c9",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "log-forgets-tables",
        "M09",
        LooksAtTheLogAlone,
        "a fault that ends the log's protection grants writes to a page that is a table too",
        ("535501ae64",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "unsync-forgets-log",
        "M09",
        UnsyncGrants,
        "a page that is a table no longer is made writable though its stores are being logged",
        ("cb015ee268",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "claim-without-revoke",
        "M09",
        ClaimsWithoutRevoking,
        "a table goes back in sync with writable mappings left",
        ("3ea6bace3b",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "resync-grants-tables",
        "M09",
        ResyncGrantsTables,
        "a resync makes a page writable that has become a table",
        ("6d72e644df", "1f80f21b47"),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "emulation-unmarked",
        "M14",
        EmulatesUnmarked,
        "an emulated store to a table is not marked",
        ("a1346661f0", "d6b2fad88e"),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "emulation-zaps",
        "-",
        EmulationZaps,
        "an emulated store removes the shadow entries that it concerns, and they are filled again",
        sound=True,
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "protect-clean-elsewhere",
        "M08",
        ProtectsCleanEntries,
        "clean entries are taken from the shadow at an odd place",
        ("8ea667f259e3",),
        sound=True,
        machine=_MACHINE,
        growing=_ONE,
    ),
)
