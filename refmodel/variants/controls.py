"""Negative controls: sound but wasteful variants, which every checker must accept."""

from refmodel.language import need, neg
from refmodel.seed import Seed
from refmodel.state import Cpus, Machine, Stage
from refmodel.variants.variant import Variant

__all__ = ["CONTROLS"]


class MarksOnFill(Seed):
    def shadow_fill(self, m: Machine, vpn: int) -> Machine:
        """A page that is only looked at is marked dirty too."""
        after = super().shadow_fill(m, vpn)
        return after.but(log=after.log.but(dirty=after.log.dirty.add(m.source.table.frame[vpn])))


class ResendsEverything(Seed):
    def next_round(self, m: Machine) -> Machine:
        """Every round sends every page again, clean or not."""
        after = super().next_round(m)
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send.filled()))


class FlushesEverything(Seed):
    def flushed(self, m: Machine, cpu: int, page: int) -> Cpus:
        """The whole TLB of the CPU goes."""
        return self.dropped(m, cpu)


class ProtectsAtOnce(Seed):
    def transfer_mark(self, m: Machine) -> Machine:
        """All mappings are revoked in the step that marks the page."""
        after = super().transfer_mark(m)
        page, shadow = m.transfer.page, after.shadow
        return after.but(shadow=shadow.but(writable=shadow.writable.where(lambda v: shadow.frame[v] == page, False)))


class PutsDirtyPagesOff(Seed):
    def transfer_clear(self, m: Machine, page: int) -> Machine:
        """Pages that are dirty again already go last (the order of Xen's legacy to_skip)."""
        owed, dirty = m.rounds.to_send, m.log.dirty
        need(neg(dirty[page]) | owed.never(lambda p: neg(dirty[p])), "no page that is not dirty again is owed")
        return super().transfer_clear(m, page)


class KeepsTheTlbAcrossRoots(Seed):
    def enter_shadow(self, m: Machine, cpu: int) -> Machine:
        """The new root is loaded, the TLB keeps what the old one gave; each page is flushed anyway."""
        return super().enter_shadow(m, cpu).but(cpus=m.cpus.but(on_shadow=m.cpus.on_shadow.add(cpu)))


class SkipsNothingToFlush(Seed):
    def transfer_flush(self, m: Machine, cpu: int) -> Machine:
        """The page is read from the first flush on if no CPU but this one could hold an entry for it."""
        after = super().transfer_flush(m, cpu)
        elsewhere = m.cpus.present.never(lambda c, v: (c != cpu) & (m.cpus.frame[c, v] == m.transfer.page))
        if elsewhere & m.log.transferred[m.transfer.page]:
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
