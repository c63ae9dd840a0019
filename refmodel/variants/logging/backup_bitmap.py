"""Wrong variants of the part ``backup-bitmap``: M05, M06; and a sound one."""

from refmodel.logging.backup_bitmap import B, BackupBitmap
from refmodel.variants.variant import Variant

__all__ = ["BACKUP_BITMAP_VARIANTS"]


class MarksRunningVcpusOnly(BackupBitmap[B]):
    def logs(self, m: B, page: int) -> B:
        """With no running vCPU there is no ring to take the mark, and nothing else does.

        Refuted by ``what_was_noted_is_still_marked``.
        """
        return m


class NeverReadsTheBackup(BackupBitmap[B]):
    def is_last_stage(self, m: B) -> bool:
        """No sync is told that it is the last: all read the rings, and none the bitmap.

        Refuted by ``after_the_last_harvest_the_log_is_empty``.
        """
        return False


class ReadsTheBackupAtEachSync(BackupBitmap[B]):
    def is_last_stage(self, m: B) -> bool:
        """The bitmap is read at every sync, not just at the last."""
        return True


BACKUP_BITMAP_VARIANTS = (
    Variant(
        "no-ring-no-mark",
        "M06",
        MarksRunningVcpusOnly,
        "a writer with no vCPU has no ring, and its mark is lost",
        ("86bdf3ebcfe1",),
        machine="bare+backup-bitmap",
    ),
    Variant(
        "backup-not-synced",
        "M05",
        NeverReadsTheBackup,
        "the bitmap beside the rings is not read at the last sync",
        ("b20cc77692",),
        machine="bare+backup-bitmap",
    ),
    Variant(
        "backup-always-synced",
        "-",
        ReadsTheBackupAtEachSync,
        "the bitmap beside the rings is read at every sync",
        ("b20cc77692",),
        sound=True,
        machine="bare+backup-bitmap",
    ),
)
