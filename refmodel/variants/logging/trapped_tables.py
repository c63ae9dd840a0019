"""Wrong variants of table frames that are trapped and go out of sync: two reasons to be read-only. M07, M08, M09."""

from collections.abc import Callable, Mapping

from refmodel.language import neg
from refmodel.logging.table_state import G
from refmodel.logging.table_stores import TableStores
from refmodel.logging.table_sync import TableSync
from refmodel.state import Shadow
from refmodel.variants.variant import Variant

__all__ = ["TRAPPED_TABLE_VARIANTS"]


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


class ProtectsCleanEntries(TableSync[G]):
    def claimed(self, m: G, page: int) -> G:
        """When some frame is claimed, entries that are clean in the guest's table go, wherever they are."""
        after = super().claimed(m, page)
        shadow, table = after.shadow, after.source.table
        kept = shadow.present.where(lambda v: neg(table.writable[v]) & neg(shadow.unsynced[v]), False)
        return after.but(shadow=shadow.but(present=kept, writable=shadow.writable & kept))


_MACHINE = "bare+guest-tables"


def _small(cpu: int = 1) -> tuple[Mapping[str, int], ...]:
    return ({"pfn": 1, "vpn": 1, "cpu": cpu, "word": 1, "value": 3},)


_ONE = _small()
"""One frame that is root, lower table and page in one: enough for most, and searched whole in seconds."""

TRAPPED_TABLE_VARIANTS = (
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
