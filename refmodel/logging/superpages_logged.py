"""Large mappings and the log, whose granule is a page (I-GRAN).

A region is mapped large only while logging is off. ENABLE splits it, or makes it read-only as a whole; then the first
write fault splits it, so that the fault marks one page and makes one page writable. When logging ends, what was split
is merged (I-CLEAN): small entries go, and the next access maps the region large.
"""

from collections.abc import Callable

from refmodel.language import Contract, Cpu, Region, Vpn, engine, guest, implies, invariant, law, need, neg
from refmodel.logging.superpages import LargeMappings
from refmodel.logging.superpages_state import S

__all__ = ["SuperpagesLogged"]


class SuperpagesLogged(LargeMappings[S]):
    """What is logged is mapped small, or read-only."""

    def nothing_to_revoke(self, m: S) -> bool:
        """Nor does a large mapping let anything be written."""
        return super().nothing_to_revoke(m) & m.superpages.writable.is_empty

    def enable_flush(self, m: S, cpu: Cpu) -> S:
        """Large entries go with the CPU's others."""
        after = super().enable_flush(m, cpu)
        large = m.superpages
        held = large.held.where(lambda c, r: c == cpu, False)
        held_writable = large.held_writable.where(lambda c, r: c == cpu, False)
        return after.but(superpages=large.but(held=held, held_writable=held_writable))

    @engine
    def large_protect(self, m: S, region: Region) -> S:
        """ENABLE makes a large mapping read-only as a whole."""
        need(self.runs(m), "the source runs")
        need(self.is_switched(m), "the mode is on")
        need(m.superpages.writable[region], "the region is mapped large and writable")
        return m.but(superpages=m.superpages.but(writable=m.superpages.writable.discard(region)))

    @engine
    def large_split(self, m: S, region: Region) -> S:
        """ENABLE, or anybody later, takes a large mapping away: what comes back is small."""
        need(self.runs(m), "the source runs")
        need(self.is_switched(m), "the mode is on")
        need(m.superpages.mapped[region], "the region is mapped large")
        return self.split(m, region)

    @guest
    def large_fault(self, m: S, cpu: Cpu, vpn: Vpn) -> S:
        """A store to a region that is mapped large and read-only: it is split, and the store is retried on the page.

        Where only the TLB's entry is read-only, that entry goes, and the next walk finds better.
        """
        need(self.runs(m), "the source runs")
        large, region = m.superpages, m.superpages.region_of[vpn]
        need(large.held[cpu, region], "the TLB has a large entry of the region")
        need(neg(large.held_writable[cpu, region]), "which is read-only")
        mapped = large.mapped.put(region, large.writable[region])
        return self.let_go(m.but(superpages=large.but(mapped=mapped)), cpu, region)

    @guest
    def large_merge(self, m: S, region: Region) -> S:
        """Logging is off: the region's small entries go, so that it can be mapped large (again)."""
        need(self.runs(m), "the source runs")
        need(self.may_be_large(m), "logging is off")
        need(self.is_uniform(m, region), "the table maps the whole region, writable and in order")
        need(neg(self.no_small_entry(m, region)), "the shadow has small entries of the region")
        return self.merged(m, lambda r: r == region)

    def merged(self, m: S, where: Callable[[int], bool]) -> S:
        """Small entries go from some regions: each is mapped large when a page of it is used next."""
        shadow, of = m.shadow, m.superpages.region_of
        return m.but(
            shadow=shadow.but(
                present=shadow.present.where(lambda v: where(of[v]), False),
                writable=shadow.writable.where(lambda v: where(of[v]), False),
                unsynced=shadow.unsynced.where(lambda v: where(of[v]), False),
            )
        )

    def switched_off(self, m: S) -> S:
        """What was split for the log, and could be large, is merged (KVM since ``3ea3b7fa9af0`` [P])."""
        off = super().switched_off(m)
        return self.merged(off, lambda region: self.is_uniform(off, region))

    @law(Contract.HAND_OVER, "I-CLEAN", "I-GRAN")
    def when_logging_ends_what_could_be_large_is_no_longer_mapped_small(self, before: S, after: S, vpn: Vpn) -> bool:
        """Nothing is left of the log's granule: else the guest walks small entries for good."""
        ends = before.log_mode.on & neg(after.log_mode.on)
        small = after.shadow.present[vpn] | after.shadow.unsynced[vpn]
        return implies(ends & self.is_uniform(after, after.superpages.region_of[vpn]), neg(small))

    @invariant(Contract.LOGGING, "I-GRAN", "I-LOG", goal=True)
    def what_is_logged_is_not_written_through_a_large_mapping(self, m: S, cpu: Cpu, region: Region) -> bool:
        """From a CPU's flush on, while the mode is on: the log's granule is a page."""
        large = m.superpages
        writable = large.writable[region] | large.held_writable[cpu, region]
        return implies(m.log_mode.on & m.log_mode.flushed[cpu], neg(writable))
