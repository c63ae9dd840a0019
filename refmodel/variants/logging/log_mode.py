"""Wrong variants of the parts ``log-mode`` and ``mode-hint``: M07, M10, M25, M28; and a sound one."""

from refmodel.language import neg
from refmodel.logging.log_mode import L, LogDirtyMode
from refmodel.logging.mode_hint import H, LooksBeforeLocking
from refmodel.logging.shadow import ShadowTable
from refmodel.state import M
from refmodel.variants.variant import Variant

__all__ = ["LOG_MODE_VARIANTS"]


class FlushesOverLiveMappings(LogDirtyMode[L]):
    def nothing_to_revoke(self, m: L) -> bool:
        """The mode is set and the CPUs flushed; mappings from before stay writable, and walks bring them back."""
        return True


class RevokesWithoutFlush(LogDirtyMode[L]):
    def enable_flush(self, m: L, cpu: int) -> L:
        """The CPU counts as flushed, and its TLB is left as it is."""
        return super().enable_flush(m, cpu).but(cpus=m.cpus)


class BecomesWritableUnasked(ShadowTable[M]):
    def guest_map(self, m: M, vpn: int, pfn: int, writable: bool, trapped: bool) -> M:
        """An entry that was read-only for the guest was never protected by the log; made writable, it is just that."""
        after = super().guest_map(m, vpn, pfn, writable, trapped)
        table, shadow = m.source.table, after.shadow
        was_read_only = m.shadow.present[vpn] & (table.frame[vpn] == pfn) & neg(table.writable[vpn])
        unasked = trapped & writable & was_read_only
        return after.but(shadow=shadow.but(writable=shadow.writable.put(vpn, shadow.writable[vpn] | unasked)))


class LogsFromTheSecondRound(LogDirtyMode[L]):
    def is_in_force(self, m: L) -> bool:
        """Rounds do not wait for the log: what is written before it is enabled is seen by nobody."""
        return True


class ProtectsBeforeTheSwitch(LogDirtyMode[L]):
    def is_switched(self, m: L) -> bool:
        """Mappings are revoked and CPUs flushed first, the mode is set last: what is filled in between is writable."""
        return True


class ActsByItsFirstLook(LooksBeforeLocking[H]):
    def mode_for(self, m: H, cpu: int) -> bool:
        """The mode is not read again under the lock."""
        return m.log_mode.on & neg(m.mode_hint.saw_off[cpu])


class StaysOn(LogDirtyMode[L]):
    def disabled(self, m: L) -> L:
        """The migration is given up, and nobody switches the log off."""
        return m


class BlowsTheShadow(LogDirtyMode[L]):
    def enable_revoke(self, m: L, vpn: int) -> L:
        """The entry goes as a whole, so that reads fault as well."""
        after = super().enable_revoke(m, vpn)
        return after.but(shadow=after.shadow.but(present=after.shadow.present.discard(vpn)))


LOG_MODE_VARIANTS = (
    Variant(
        "enable-keeps-mappings",
        "M10",
        FlushesOverLiveMappings,
        "logging begins, and mappings from before stay writable",
        ("9990621f33", "sh_enable_log_dirty"),
        machine="bare+always-shadowed",
    ),
    Variant(
        "enable-without-flush",
        "M07",
        RevokesWithoutFlush,
        "logging begins, mappings are revoked, and TLBs keep what they held",
        ("eed63189da",),
        machine="bare+always-shadowed",
    ),
    Variant(
        "installed-read-only",
        "M10",
        BecomesWritableUnasked,
        "an entry that the guest had read-only gets no protection, and is writable when the guest makes it so",
        ("0e88904cb700",),
        machine="bare+always-shadowed",
    ),
    Variant(
        "logs-after-first-sync",
        "M10",
        LogsFromTheSecondRound,
        "pages are sent before logging has been switched on",
        ("758b96b61d", "ff180c6bd7"),
        machine="bare+second-stage",
    ),
    Variant(
        "switch-after-protecting",
        "M28",
        ProtectsBeforeTheSwitch,
        "the mode is set after the protection, and not under one lock with it",
        ("4987783400",),
        machine="bare+always-shadowed",
    ),
    Variant(
        "mode-read-outside-lock",
        "M28",
        ActsByItsFirstLook,
        "a fault goes by the mode that it read before it took the lock, and enters the page writable, unmarked",
        ("41ec7cd7be",),
        machine="bare+second-stage+mode-hint",
    ),
    Variant(
        "log-outlives-abort",
        "M25",
        StaysOn,
        "logging stays on after the migration has been given up",
        ("6f6a5ef3e4", "71c7dff32b", "902fe20d41"),
        machine="bare+second-stage",
        unnoticed="it costs time, and the next migration starts from all dirty whatever is in the log",
    ),
    Variant(
        "enable-blows-all",
        "M10",
        BlowsTheShadow,
        "the switch takes whole entries, so that accesses fault that nobody had to see",
        ("51ca66c373",),
        machine="bare+second-stage",
        sound=True,
    ),
)
