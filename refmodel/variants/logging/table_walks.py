"""Wrong variants of walks without the lock and of linked shadows: M08, M09."""

from collections.abc import Mapping

from refmodel.language import neg
from refmodel.logging.latched_walk import LatchedWalk, W
from refmodel.logging.shared_shadows import SharedShadows
from refmodel.logging.table_state import G
from refmodel.variants.variant import Variant

__all__ = ["TABLE_WALK_VARIANTS"]


class FillsWhatWasRead(LatchedWalk[W]):
    def revalidated(self, m: W, cpu: int) -> bool:
        """Under the lock nobody looks again: the rights may have been lowered, and the shadow brought in sync."""
        return True


class WritesWhatWasRead(LatchedWalk[W]):
    def exchanged(self, m: W, cpu: int) -> bool:
        """The bit is written with the rest of the entry as it was read: what came between is lost."""
        return True


class RetriesWhileClaimed(LatchedWalk[W]):
    def revalidated(self, m: W, cpu: int) -> bool:
        """A fill is begun anew whenever some frame is being claimed, whether or not it was read."""
        return super().revalidated(m, cpu) & neg(m.tables.claiming)


class LinksOutOfSync(SharedShadows[G]):
    def may_be_linked(self, m: G, other: int) -> bool:
        """The shadow is linked as it is; the resync that the guest's next flush brings is not for this page."""
        return True


class LinksAnyRole(SharedShadows[G]):
    def has_role(self, m: G, vpn: int, other: int) -> bool:
        """A shadow that was made below a writable upper entry serves one that is read-only."""
        return True


_LATCHED = "bare+latched-walk"
_SHARED = "bare+shared-shadows"


def _small(vpn: int = 1, cpu: int = 1, word: int = 1, value: int = 3) -> tuple[Mapping[str, int], ...]:
    return ({"pfn": 1, "vpn": vpn, "cpu": cpu, "word": word, "value": value},)


TABLE_WALK_VARIANTS = (
    Variant(
        "bit-not-atomic",
        "M08",
        WritesWhatWasRead,
        "an entry is read, the guest changes it, and what was read is written back with a bit set",
        ("4f510c8bb1dd", "7f26fea9bc08"),
        machine=_LATCHED,
        growing=_small(cpu=2),
    ),
    Variant(
        "stale-fill",
        "M09",
        FillsWhatWasRead,
        "an entry that was read before the guest lowered its rights is put into the shadow afterwards",
        ("24488e9b29", "f7d9c7b7b902"),
        machine=_LATCHED,
        growing=_small(cpu=2),
    ),
    Variant(
        "links-out-of-sync",
        "M09",
        LinksOutOfSync,
        "a shadow that is out of sync is linked for another page, for which the guest owes no flush",
        ("65855ed8b034",),
        machine=_SHARED,
        growing=_small(vpn=2),
    ),
    Variant(
        "links-any-role",
        "M09",
        LinksAnyRole,
        "a shadow is shared by upper entries that grant different rights",
        ("b1bd5cba3306",),
        machine=_SHARED,
        growing=_small(vpn=2, word=2, value=4),
    ),
    Variant(
        "retries-while-claimed",
        "-",
        RetriesWhileClaimed,
        "fills wait for any change of tables, as with one sequence counter for all",
        sound=True,
        machine=_LATCHED,
        growing=_small(),
    ),
)
