"""Negative controls: sound but wasteful variants, which every checker must accept."""

from refmodel.language import need, neg
from refmodel.logging.faults import Faults
from refmodel.logging.protect_at_transfer import P, ProtectAtTransfer
from refmodel.logging.roots import ShadowedForMigration
from refmodel.rounds.rounds import MigrationRounds
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import Cpus, M, Stage
from refmodel.variants.variant import Variant

__all__ = ["CONTROLS"]


class MarksOnFill(Faults[M]):
    def shadow_fill(self, m: M, vpn: int) -> M:
        """A page that is only looked at is marked dirty too."""
        after = super().shadow_fill(m, vpn)
        return self.marked(after, m.source.table.frame[vpn])


class ResendsEverything(MigrationRounds[M]):
    def next_round(self, m: M) -> M:
        """Every round sends every page again, clean or not."""
        after = super().next_round(m)
        return after.but(
            rounds=after.rounds.but(to_send=after.rounds.to_send.filled()),
            ghost=after.ghost.but(noted=after.ghost.noted.filled()),
        )


class FlushesEverything(ProtectAtTransfer[P]):
    def flushed(self, m: P, cpu: int, page: int) -> Cpus:
        """The whole TLB of the CPU goes."""
        return self.dropped(m, cpu)


class ProtectsAtOnce(ProtectAtTransfer[P]):
    def transfer_mark(self, m: P) -> P:
        """All mappings are revoked in the step that marks the page."""
        after = super().transfer_mark(m)
        page, shadow = m.transfer.page, after.shadow
        return after.but(shadow=shadow.but(writable=shadow.writable.where(lambda v: shadow.frame[v] == page, False)))


class PutsDirtyPagesOff(PageTransfer[M]):
    def transfer_clear(self, m: M, page: int) -> M:
        """Pages that are dirty again already go last (the order of Xen's legacy to_skip)."""
        owed, dirty = m.rounds.to_send, m.log.dirty
        need(neg(dirty[page]) | owed.never(lambda p: neg(dirty[p])), "no page that is not dirty again is owed")
        return super().transfer_clear(m, page)


class KeepsTheTlbAcrossRoots(ShadowedForMigration[M]):
    def enter_shadow(self, m: M, cpu: int) -> M:
        """The new root is loaded, the TLB keeps what the old one gave; each page is flushed anyway."""
        return super().enter_shadow(m, cpu).but(cpus=m.cpus.but(on_shadow=m.cpus.on_shadow.add(cpu)))


class SkipsNothingToFlush(ProtectAtTransfer[P]):
    def transfer_flush(self, m: P, cpu: int) -> P:
        """The page is read from the first flush on if no CPU but this one could hold an entry for it."""
        after = super().transfer_flush(m, cpu)
        elsewhere = m.cpus.present.never(lambda c, v: (c != cpu) & (m.cpus.frame[c, v] == m.transfer.page))
        if elsewhere & m.protection.transferred[m.transfer.page]:
            transfer = after.transfer.but(stage=Stage.READING, flushed=after.transfer.flushed.filled())
            return after.but(transfer=transfer)
        return after


CONTROLS = (
    Variant(
        "spurious-dirty",
        "-",
        MarksOnFill,
        "a page that is only read is marked dirty",
        ("509552e65ae8", "75e05ab118"),
        sound=True,
    ),
    Variant(
        "needless-resend",
        "-",
        ResendsEverything,
        "clean pages are sent again in every round",
        ("3143577d6a",),
        sound=True,
    ),
    Variant("needless-flush", "-", FlushesEverything, "the whole TLB is flushed for one page", sound=True),
    Variant(
        "protect-early",
        "-",
        ProtectsAtOnce,
        "a page is protected in one step, earlier than it need be",
        ("8ea667f259e3",),
        sound=True,
    ),
    Variant("other-order", "-", PutsDirtyPagesOff, "pages that are dirty again are sent last", sound=True),
    Variant(
        "root-change-keeps-tlb",
        "M10",
        KeepsTheTlbAcrossRoots,
        "a CPU changes its root and keeps its TLB entries: harmless here, where each page is flushed by frame",
        ("eed63189da",),
        sound=True,
    ),
    Variant(
        "flush-as-needed", "-", SkipsNothingToFlush, "CPUs that hold no entry for the page are not flushed", sound=True
    ),
)
