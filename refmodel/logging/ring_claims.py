"""What holds of dirty rings: the claims that their part of the logging contract rests on."""

from refmodel.language import Contract, Cpu, Entry, Pfn, Vpn, implies, invariant, neg
from refmodel.logging.dirty_ring import DirtyRing
from refmodel.logging.ring_state import R
from refmodel.state import Phase, is_without_migration

__all__ = ["DirtyRingClaims"]


class DirtyRingClaims(DirtyRing[R]):
    """An entry stands for a page from the fault to the reset; a mark moves from ring to bitmap to what is owed."""

    @invariant(Contract.LOGGING, "I-LOG", goal=True)
    def a_page_is_unprotected_only_while_an_entry_names_it(self, m: R, page: Pfn) -> bool:
        """KVM's rule with rings for the bitmap (``edde99ce05290`` [P]): protected, or named by an entry not reset."""
        waiting = m.ring.dirty | m.ring.reset
        named = neg(waiting.never(lambda c, e: m.ring.page[c, e] == page))
        return implies(m.ring_protection.started, m.ring_protection.protected[page] | named)

    @invariant(Contract.LOGGING, "I-LOG")
    def before_logging_starts_nothing_is_protected_and_the_rings_are_empty(
        self, m: R, page: Pfn, cpu: Cpu, entry: Entry
    ) -> bool:
        """Nor is anything left of an earlier migration (I-CLEAN)."""
        started, protection = m.ring_protection.started, m.ring_protection
        waiting = m.ring.dirty[cpu, entry] | m.ring.reset[cpu, entry] | m.ring.pushing[cpu]
        return started | neg(protection.protected[page] | protection.revoked[page] | m.reaper.collected[page] | waiting)

    @invariant(Contract.LOGGING, "I-CONS", goal=True)
    def what_was_read_is_collected_until_it_is_reset(self, m: R, cpu: Cpu, entry: Entry) -> bool:
        """The sync waits for the reset: a page is not sent while it may still be written unseen."""
        return implies(m.ring.reset[cpu, entry], m.reaper.collected[m.ring.page[cpu, entry]])

    @invariant(Contract.LOGGING, "I-CONS")
    def what_a_reset_revokes_is_collected_until_the_flush(self, m: R, page: Pfn) -> bool:
        """The same until no TLB holds write access to it any more."""
        return implies((m.phase == Phase.LIVE) & m.ring_protection.revoked[page], m.reaper.collected[page])

    @invariant(Contract.LOGGING, "I-LOG", goal=True)
    def an_entry_is_read_only_after_it_has_been_written(self, m: R) -> bool:
        """Between flag and payload (``4802bf910e`` [C]) nothing changes the entry."""
        return implies(m.reaper.reading, m.ring.dirty[m.reaper.cpu, m.reaper.entry])

    @invariant(Contract.LOGGING, "I-LOG")
    def an_entry_is_dirty_or_reset_never_both(self, m: R, cpu: Cpu, entry: Entry) -> bool:
        """It is the kernel's, then userspace's, then the kernel's again."""
        return neg(m.ring.dirty[cpu, entry] & m.ring.reset[cpu, entry])

    @invariant(Contract.LOGGING, "I-LOG", goal=True)
    def a_vcpu_writes_only_free_entries(self, m: R, cpu: Cpu) -> bool:
        """An entry that is half written has its payload, and no flag yet."""
        entry = m.ring.into[cpu]
        payload = m.ring.page[cpu, entry] == m.ring.about[cpu]
        free = neg(m.ring.dirty[cpu, entry]) & neg(m.ring.reset[cpu, entry])
        return implies(m.ring.pushing[cpu], payload & free)

    @invariant(Contract.LOGGING, "I-SHADOW", "R4")
    def no_mapping_grants_what_a_reset_has_revoked(self, m: R, cpu: Cpu, vpn: Vpn) -> bool:
        """What the CPUs are flushed of does not come back by a walk: mappings are as if all were flushed already."""
        protection = m.ring_protection
        flushed = m.but(ring_protection=protection.but(revoked=protection.revoked.cleared()))
        writable = m.shadow.writable[vpn] & (m.phase != Phase.ABORTED)
        return implies(writable, self.may_be_written_unseen(flushed, m.shadow.frame[vpn], cpu))

    @invariant(Contract.LOGGING, "I-LIVE")
    def a_reset_waits_for_some_cpu(self, m: R, cpu: Cpu) -> bool:
        """The flush of the last CPU ends it; the list of those flushed starts empty for each."""
        protection = m.ring_protection
        waits = neg(protection.revoked.is_empty)
        return implies(protection.flushed[cpu], waits) & neg(protection.flushed.is_full)

    @invariant(Contract.LOGGING, "R1", "R4")
    def logging_starts_when_every_cpu_walks_the_shadow(self, m: R, cpu: Cpu) -> bool:
        """R1's order: a CPU on the guest's own table would store to a protected page without a fault."""
        runs = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE)
        return implies(m.ring_protection.started & runs, self.walks_the_shadow(m, cpu))

    @invariant(Contract.LOGGING, "I-CLEAN")
    def logging_ends_with_the_migration(self, m: R) -> bool:
        """Nothing is protected for an engine that will not reset it."""
        return implies(is_without_migration(m), neg(m.ring_protection.started))

    @invariant(Contract.LOGGING, "I-LOG")
    def while_rounds_run_logging_has_started(self, m: R) -> bool:
        """Every page was protected then, and every CPU flushed."""
        return implies(m.phase == Phase.LIVE, m.ring_protection.started)

    @invariant(Contract.LOGGING, "I-LOG")
    def the_rings_are_all_the_log_that_there_is(self, m: R, page: Pfn) -> bool:
        """No writer but the vCPUs: one that has no ring needs ``backup_bitmap`` (``86bdf3ebcfe1`` [P])."""
        return neg(m.log.dirty[page])

    @invariant(Contract.ROUNDS, "I-FINAL")
    def after_the_last_harvest_the_reaper_is_done(self, m: R) -> bool:
        """Nothing is being read, nothing is to be reset."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(harvested, neg(m.reaper.reading) & m.ring.reset.is_empty & m.ring_protection.revoked.is_empty)
