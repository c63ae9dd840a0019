"""Wrong variants of stores to guest tables by the hypervisor, and of A and D bits: M08, M14."""

from collections.abc import Callable, Mapping

from refmodel.language import neg
from refmodel.logging.shadow import Entry
from refmodel.logging.table_bits import WalkerBits
from refmodel.logging.table_state import G
from refmodel.logging.table_stores import TableStores
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


_MACHINE = "bare+guest-tables"


def _small(pfn: int = 1) -> tuple[Mapping[str, int], ...]:
    return ({"pfn": pfn, "vpn": 1, "cpu": 1, "word": 1, "value": 3},)


_ONE = _small()
"""One frame that is root, lower table and page in one: enough for most, and searched whole in seconds."""

GUEST_TABLE_VARIANTS = (
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
)
