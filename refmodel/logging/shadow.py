"""The shadow page table: filled on demand, kept in step with the guest's own. Rules R2, R3, R4 (first half) and R8."""

from attrs import frozen

from refmodel.language import (
    Contract,
    Cpu,
    Flag,
    Pfn,
    Vpn,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
)
from refmodel.logging.mmu import Mmu
from refmodel.state import M, Phase, Shadow

__all__ = ["ShadowTable"]


@frozen
class Entry:
    """One page-table entry."""

    present: bool
    frame: int
    writable: bool


class ShadowTable(Mmu[M]):
    """A shadow entry is the guest's entry, except that it is read-only where stores must be seen."""

    def initial(self, anything: M) -> M:
        """The shadow is empty."""
        m = super().initial(anything)
        return m.but(
            shadow=m.shadow.but(
                present=m.shadow.present.cleared(),
                writable=m.shadow.writable.cleared(),
                unsynced=m.shadow.unsynced.cleared(),
            )
        )

    def is_shadowed(self, m: M) -> bool:
        """Accesses may find the shadow lacking: some CPU walks it."""
        return True

    def may_lag(self, m: M, page: int) -> bool:
        """An entry of the page may be read-only although the guest's is writable."""
        return neg(self.permits(m, page))

    def entry_may_lag(self, m: M, vpn: int) -> bool:
        """The entry may be read-only although the guest's is writable: by its page, or for reasons of its own."""
        return self.may_lag(m, m.shadow.frame[vpn])

    # R2 -- the shadow starts empty; the guest's table is translated and copied into it on demand

    @guest
    def shadow_fill(self, m: M, vpn: Vpn) -> M:
        """An access finds nothing in the shadow: the guest's entry is translated and copied.

        A region is copied entry by entry, in any order and between any two other steps, so that a region copied at
        once, or ahead of demand, is one of these schedules.
        """
        need(self.runs(m), "the source runs")
        need(self.is_shadowed(m), "some CPU walks the shadow")
        need(neg(m.shadow.present[vpn]), "the shadow has no entry for the page")
        need(m.source.table.present[vpn], "the guest's table maps the page")
        need(self.is_there(m, m.source.table.frame[vpn]), "the frame that it names is there")
        return m.but(shadow=self.entered(m, vpn))

    def propagate(self, m: M, vpn: int) -> Entry:
        """The shadow entry for the guest's entry: identical (R3), but read-only where stores must be seen (R4).

        Xen's ``_sh_propagate`` (``xen/arch/x86/mm/shadow/multi.c``) [D] clears RW under log-dirty in the same place.
        """
        table = m.source.table
        frame = table.frame[vpn]
        present = table.present[vpn] & self.is_there(m, frame)
        return Entry(present, frame, table.writable[vpn] & self.permits(m, frame))

    def entered(self, m: M, vpn: int) -> Shadow:
        """The shadow with the entry for ``vpn`` made afresh from the guest's, and so in sync."""
        entry = self.propagate(m, vpn)
        return m.shadow.but(
            present=m.shadow.present.put(vpn, entry.present),
            frame=m.shadow.frame.set(vpn, entry.frame),
            writable=m.shadow.writable.put(vpn, entry.writable & entry.present),
            unsynced=m.shadow.unsynced.discard(vpn),
        )

    # R8 -- guest page-table updates reach the shadow when it is in sync

    @guest
    def guest_map(self, m: M, vpn: Vpn, pfn: Pfn, writable: Flag, trapped: Flag) -> M:
        """The guest maps a page, maps another frame there, or changes its rights; several pages may map one frame."""
        need(self.runs(m), "the source runs")
        table = m.source.table
        mapped = table.but(
            present=table.present.add(vpn),
            frame=table.frame.set(vpn, pfn),
            writable=table.writable.put(vpn, writable),
        )
        return self.table_updated(m.but(source=m.source.but(table=mapped)), vpn, trapped)

    @guest
    def guest_unmap(self, m: M, vpn: Vpn, trapped: Flag) -> M:
        """The guest removes a mapping. Its TLBs may go on holding it until the guest flushes them."""
        need(self.runs(m), "the source runs")
        table = m.source.table
        need(table.present[vpn], "the guest's table maps the page")
        unmapped = table.but(present=table.present.discard(vpn), writable=table.writable.discard(vpn))
        return self.table_updated(m.but(source=m.source.but(table=unmapped)), vpn, trapped)

    def table_updated(self, m: M, vpn: int, trapped: bool) -> M:
        """The update reaches the shadow at once when trapped and emulated; else the entry goes out of sync."""
        changed = m.but(cpus=m.cpus.but(unflushed=m.cpus.unflushed.where(lambda c, v: v == vpn, True)))
        if m.shadow.present[vpn]:
            if trapped:
                return changed.but(shadow=self.entered(m, vpn))
            return changed.but(shadow=m.shadow.but(unsynced=m.shadow.unsynced.add(vpn)))
        return changed

    @guest
    def shadow_resync(self, m: M, vpn: Vpn) -> M:
        """The hypervisor brings an out-of-sync entry back in step with the guest's."""
        need(self.runs(m), "the source runs")
        need(m.shadow.unsynced[vpn], "the entry is out of sync")
        return m.but(shadow=self.entered(m, vpn))

    @guest
    def guest_flush(self, m: M, cpu: Cpu, vpn: Vpn) -> M:
        """INVLPG: what the guest's table said before is gone from the shadow and from this CPU's TLB."""
        need(self.runs(m), "the source runs")
        need(m.cpus.unflushed[cpu, vpn] | m.cpus.present[cpu, vpn], "there is something to flush")
        synced = m.but(shadow=self.entered(m, vpn)) if m.shadow.unsynced[vpn] else m
        return synced.but(
            cpus=m.cpus.but(
                present=m.cpus.present.discard((cpu, vpn)),
                writable=m.cpus.writable.discard((cpu, vpn)),
                unflushed=m.cpus.unflushed.discard((cpu, vpn)),
            )
        )

    @invariant(Contract.LOGGING, "I-SHADOW", "R8", goal=True)
    def after_a_flush_a_tlb_has_the_guests_own_entry(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """R8: only what the guest changed and did not flush may be stale; all else is its own entry, and never more."""
        table, cpus = m.source.table, m.cpus
        rights = implies(cpus.writable[cpu, vpn], table.writable[vpn])
        return implies(
            cpus.present[cpu, vpn] & neg(cpus.unflushed[cpu, vpn]),
            table.present[vpn] & (table.frame[vpn] == cpus.frame[cpu, vpn]) & rights,
        )

    @invariant(Contract.LOGGING, "R8")
    def an_entry_is_out_of_sync_only_until_a_cpu_flushes_it(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """A flush by any CPU brings the entry back in step, so that none can walk an old one after its own flush."""
        return implies(m.shadow.unsynced[vpn], m.cpus.unflushed[cpu, vpn])

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def a_writable_shadow_entry_is_present(self, m: M, vpn: Vpn) -> bool:
        """Rights of an entry that is not there are never kept."""
        return implies(m.shadow.writable[vpn], m.shadow.present[vpn])

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def a_writable_guest_entry_is_present(self, m: M, vpn: Vpn) -> bool:
        """The same for the guest's own table."""
        return implies(m.source.table.writable[vpn], m.source.table.present[vpn])

    @invariant(Contract.LOGGING, "I-SHADOW", "R3", "R8", goal=True)
    def an_in_sync_shadow_entry_is_the_guests_except_where_stores_must_be_seen(self, m: M, vpn: Vpn) -> bool:
        """R3, for entries in sync: same frame; same rights unless stores to the page must be seen, and never more."""
        shadow, table = m.shadow, m.source.table
        rights = implies(shadow.writable[vpn], table.writable[vpn]) & (
            self.entry_may_lag(m, vpn) | implies(table.writable[vpn], shadow.writable[vpn])
        )
        return implies(
            shadow.present[vpn] & neg(shadow.unsynced[vpn]),
            table.present[vpn] & (table.frame[vpn] == shadow.frame[vpn]) & rights,
        )

    @invariant(Contract.LOGGING, "I-SHADOW", "R4", goal=True)
    def a_shadow_entry_grants_writes_only_where_the_log_permits(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """R4: whatever the guest's entry grants. Revoked before any CPU is flushed, so it holds for each CPU."""
        return implies(
            m.shadow.writable[vpn] & (m.phase != Phase.ABORTED),
            self.may_be_written_unseen(m, m.shadow.frame[vpn], cpu),
        )

    @law(Contract.LOGGING, "I-SHADOW", "R8")
    def an_entry_that_stays_out_of_sync_gains_nothing(self, before: M, after: M, vpn: Vpn) -> bool:
        """It is the guest's old entry, for CPUs that have not flushed it: rights from the new one belong to another."""
        stale = before.shadow.unsynced[vpn] & after.shadow.unsynced[vpn]
        same = before.shadow.frame[vpn] == after.shadow.frame[vpn]
        return implies(stale, same & implies(after.shadow.writable[vpn], before.shadow.writable[vpn]))
