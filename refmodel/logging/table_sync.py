"""Bringing a table frame in sync, and letting it go out of sync again.

In sync means trapped: claimed first, so that nothing enters it writable any more; then every CPU is flushed; then what
was stored meanwhile is copied into the shadow. Xen ``8cc5036bc3`` (XSA-401) [C]: with the flush first, another CPU's
walk brings a writable entry back.
"""

from refmodel.language import Contract, Cpu, Pfn, guest, implies, invariant, need, neg
from refmodel.logging.table_bits import WalkerBits
from refmodel.logging.table_state import G
from refmodel.state import Cpus, Phase, is_without_migration

__all__ = ["TableSync"]


class TableSync(WalkerBits[G]):
    """One frame at a time is claimed; any number is trapped, and any may go out of sync at any time."""

    @guest
    def table_claim(self, m: G, page: Pfn) -> G:
        """A frame that the shadow uses as a table is claimed: no mapping of it is writable from now on."""
        need(self.runs(m), "the source runs")
        need(m.phase != Phase.ABORTED, "the migration has not been given up")
        need(neg(m.tables.claiming), "no other frame is being claimed")
        need(neg(m.tables.trapped[page]), "stores to the frame are not trapped yet")
        need(self.all_walk_the_shadow(m), "every CPU walks the shadow")
        need(neg(m.shadow.present.never(lambda v: self.is_on_walk(m, v, page))), "the shadow uses the frame as a table")
        return self.claimed(m, page)

    def claimed(self, m: G, page: int) -> G:
        """Write access goes from every shadow mapping of the frame, and no CPU has been flushed for it yet."""
        shadow, tables = m.shadow, m.tables
        return m.but(
            shadow=shadow.but(writable=shadow.writable.where(lambda v: shadow.frame[v] == page, False)),
            tables=tables.but(claiming=True, claimed=page, flushed=tables.flushed.cleared()),
        )

    def all_walk_the_shadow(self, m: G) -> bool:
        """No CPU's root is the guest's own."""
        return m.tables.flushed.filled().never(lambda c: neg(self.walks_the_shadow(m, c)))

    @guest
    def table_flush(self, m: G, cpu: Cpu) -> G:
        """One CPU's TLB entries for the claimed frame go; after the last CPU the frame is trapped, and resynced."""
        need(self.runs(m), "the source runs")
        need(m.tables.claiming, "a frame is being claimed")
        need(neg(m.tables.flushed[cpu]), "this CPU has not been flushed for it yet")
        flushed = m.tables.flushed.add(cpu)
        after = m.but(cpus=self.without_claimed(m, cpu), tables=m.tables.but(flushed=flushed))
        return self.resynced(after) if flushed.is_full else after

    def without_claimed(self, m: G, cpu: int) -> Cpus:
        """The CPUs with one CPU's entries for the claimed frame dropped, by the frame that the entry names."""
        cpus, page = m.cpus, m.tables.claimed
        return cpus.but(
            present=cpus.present.where(lambda c, v: (c == cpu) & (cpus.frame[c, v] == page), False),
            writable=cpus.writable.where(lambda c, v: (c == cpu) & (cpus.frame[c, v] == page), False),
        )

    def resynced(self, m: G) -> G:
        """Nobody can write the frame unseen: it is trapped, and the entries that walk it are made afresh."""
        page, tables = m.tables.claimed, m.tables
        trapped = m.but(
            tables=tables.but(trapped=tables.trapped.add(page), claiming=False, flushed=tables.flushed.cleared())
        )
        return trapped.but(shadow=self.refreshed(trapped, lambda v: self.is_on_walk(m, v, page)))

    @guest
    def table_unsync(self, m: G, page: Pfn) -> G:
        """The frame goes out of sync, on a fault or because it is a table no longer: it may be entered writable."""
        need(self.runs(m), "the source runs")
        need(m.tables.trapped[page], "stores to the frame are trapped")
        return self.untrapped(m.but(tables=m.tables.but(trapped=m.tables.trapped.discard(page))), page)

    def untrapped(self, m: G, page: int) -> G:
        """Its mappings get the guest's rights back, as far as the log permits: that was only one of two reasons."""
        shadow = m.shadow
        return m.but(shadow=self.refreshed(m, lambda v: (shadow.frame[v] == page) & neg(shadow.unsynced[v])))

    def logging_ended(self, m: G) -> G:
        """No table is trapped any more: the CPUs go back to the guest's own."""
        after = super().logging_ended(m)
        tables = after.tables
        return after.but(
            tables=tables.but(trapped=tables.trapped.cleared(), claiming=False, flushed=tables.flushed.cleared())
        )

    @invariant(Contract.LOGGING, "I-CLEAN", goal=True)
    def without_a_migration_no_table_is_trapped(self, m: G, page: Pfn) -> bool:
        """A guest on its own table would never get out of the fault."""
        return implies(is_without_migration(m), neg(self.traps(m, page)))

    @invariant(Contract.LOGGING)
    def cpus_are_flushed_only_for_a_claimed_table(self, m: G, cpu: Cpu) -> bool:
        """The list of flushed CPUs starts empty for each frame."""
        return implies(m.tables.flushed[cpu], m.tables.claiming)

    @invariant(Contract.LOGGING, "I-LIVE")
    def a_claimed_table_waits_for_some_cpu(self, m: G) -> bool:
        """The flush of the last CPU ends the wait."""
        return implies(m.tables.claiming, neg(m.tables.flushed.is_full) & neg(m.tables.trapped[m.tables.claimed]))
