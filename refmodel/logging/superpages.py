"""Large mappings: one entry for a region, in the shadow and in a TLB, where a small one is for a page.

What is large is walked, written and flushed as a whole. Between a large entry and the small ones there is a break, and
a flush of every CPU, in both directions: no TLB may hold both for one page (arm64's break-before-make,
``3c3736cd32bf`` [P]). What logging does to them is in ``superpages_logged``.
"""

from refmodel.language import (
    Contract,
    Cpu,
    Region,
    Sizes,
    Value,
    Vpn,
    Word,
    guest,
    implies,
    invariant,
    need,
    neg,
)
from refmodel.logging.log_mode import LogDirtyMode
from refmodel.logging.superpages_state import S

__all__ = ["LargeMappings"]


class LargeMappings(LogDirtyMode[S]):
    """Large entries: how they are made, used, and lost."""

    def initial(self, anything: S) -> S:
        """Nothing is mapped large; regions are any."""
        m = super().initial(anything)
        large = m.superpages
        return m.but(
            superpages=large.but(
                mapped=large.mapped.cleared(),
                writable=large.writable.cleared(),
                held=large.held.cleared(),
                held_writable=large.held_writable.cleared(),
            )
        )

    def start(self, sizes: Sizes) -> S:
        """Regions of neighbouring pages, one frame after the other."""
        m = super().start(sizes)
        large = m.superpages
        region_of = large.region_of.made(lambda v: v * sizes["region"] // sizes["vpn"])
        return m.but(superpages=large.but(region_of=region_of, frame=large.frame.made(lambda v: v % sizes["pfn"])))

    def is_split(self, m: S, region: int) -> bool:
        """There is no large entry of the region, neither in the tables nor in a TLB."""
        return neg(m.superpages.mapped[region]) & m.superpages.held.never(lambda c, r: r == region)

    def is_uniform(self, m: S, region: int) -> bool:
        """The table maps every page of the region, writable, to the frame that a large mapping has there."""
        table, large = m.source.table, m.superpages
        return table.present.filled().never(
            lambda v: (large.region_of[v] == region) & neg(table.writable[v] & (table.frame[v] == large.frame[v]))
        )

    def no_small_entry(self, m: S, region: int) -> bool:
        """The shadow has no small entry of the region."""
        return (m.shadow.present | m.shadow.unsynced).never(lambda v: m.superpages.region_of[v] == region)

    def no_small_entry_held(self, m: S, region: int) -> bool:
        """No TLB has a small entry of the region."""
        return m.cpus.present.never(lambda c, v: m.superpages.region_of[v] == region)

    def split(self, m: S, region: int) -> S:
        """The large entry goes from the shadow."""
        large = m.superpages
        return m.but(superpages=large.but(mapped=large.mapped.discard(region), writable=large.writable.discard(region)))

    def let_go(self, m: S, cpu: int, region: int) -> S:
        """The large entry goes from a CPU's TLB."""
        large, key = m.superpages, (cpu, region)
        return m.but(superpages=large.but(held=large.held.discard(key), held_writable=large.held_writable.discard(key)))

    def shadow_fill(self, m: S, vpn: Vpn) -> S:
        """A small entry comes only after the large one, and all TLB entries made of it, have gone."""
        need(self.is_split(m, m.superpages.region_of[vpn]), "nothing large is left of the page's region")
        return super().shadow_fill(m, vpn)

    def write_fault(self, m: S, cpu: Cpu, vpn: Vpn, value: Value) -> S:
        """A fault on a small entry, or on none."""
        need(self.is_split(m, m.superpages.region_of[vpn]), "nothing large is left of the page's region")
        return super().write_fault(m, cpu, vpn, value)

    def table_updated(self, m: S, vpn: int, trapped: bool) -> S:
        """A large entry cannot say it: it goes."""
        return self.split(super().table_updated(m, vpn, trapped), m.superpages.region_of[vpn])

    def guest_flush(self, m: S, cpu: Cpu, vpn: Vpn) -> S:
        """INVLPG of any of its pages drops a large entry."""
        return self.let_go(super().guest_flush(m, cpu, vpn), cpu, m.superpages.region_of[vpn])

    def may_be_large(self, m: S) -> bool:
        """Logging is off: nobody needs to know which page of a region is written."""
        return neg(m.log_mode.on)

    @guest
    def large_fill(self, m: S, region: Region) -> S:
        """The region is mapped large: the small entries, and all TLB entries made of them, have gone before."""
        need(self.runs(m), "the source runs")
        need(neg(m.superpages.mapped[region]), "the region is not mapped large")
        need(self.may_be_large(m), "logging is off")
        need(self.is_uniform(m, region), "the table maps the whole region, writable and in order")
        need(self.no_small_entry(m, region), "the shadow has no small entry of the region")
        need(self.no_small_entry_held(m, region), "no TLB has a small entry of the region")
        large = m.superpages
        return m.but(superpages=large.but(mapped=large.mapped.add(region), writable=large.writable.add(region)))

    @guest
    def large_walk(self, m: S, cpu: Cpu, region: Region) -> S:
        """A TLB miss anywhere in the region: the TLB gets one entry for all of it."""
        need(self.runs(m), "the source runs")
        large, key = m.superpages, (cpu, region)
        need(large.mapped[region], "the region is mapped large")
        need(neg(large.held[key]), "the TLB has no large entry of the region")
        held_writable = large.held_writable.put(key, large.writable[region])
        return m.but(superpages=large.but(held=large.held.add(key), held_writable=held_writable))

    @guest
    def large_store(self, m: S, cpu: Cpu, vpn: Vpn, word: Word, value: Value) -> S:
        """A store to any page of the region, and nobody is told."""
        need(self.runs(m), "the source runs")
        need(m.superpages.held_writable[cpu, m.superpages.region_of[vpn]], "the TLB has a writable large entry")
        return self.stored(m, m.superpages.frame[vpn], word, value)

    @guest
    def large_flush(self, m: S, cpu: Cpu, region: Region) -> S:
        """One CPU's TLB entries of a region go, large and small; the hypervisor may do so at any time."""
        need(self.runs(m), "the source runs")
        cpus, of = m.cpus, m.superpages.region_of
        something = neg(cpus.present.never(lambda c, v: (c == cpu) & (of[v] == region)))
        need(m.superpages.held[cpu, region] | something, "there is something to flush")
        dropped = cpus.but(
            present=cpus.present.where(lambda c, v: (c == cpu) & (of[v] == region), False),
            writable=cpus.writable.where(lambda c, v: (c == cpu) & (of[v] == region), False),
        )
        return self.let_go(m.but(cpus=dropped), cpu, region)

    @invariant(Contract.LOGGING, "I-GRAN", goal=True)
    def no_tlb_holds_a_large_and_a_small_entry_of_one_page(self, m: S, cpu: Cpu, vpn: Vpn) -> bool:
        """Which of the two counts is for the hardware to choose; arm64 reports a conflict."""
        return neg(m.superpages.held[cpu, m.superpages.region_of[vpn]] & m.cpus.present[cpu, vpn])

    @invariant(Contract.LOGGING, "I-GRAN", goal=True)
    def what_is_mapped_large_is_nowhere_mapped_small(self, m: S, cpu: Cpu, vpn: Vpn) -> bool:
        """Neither in the shadow nor in a TLB."""
        small = m.shadow.present[vpn] | m.shadow.unsynced[vpn] | m.cpus.present[cpu, vpn]
        return implies(m.superpages.mapped[m.superpages.region_of[vpn]], neg(small))

    @invariant(Contract.LOGGING, "I-GRAN")
    def where_small_entries_are_no_tlb_holds_a_large_one(self, m: S, cpu: Cpu, vpn: Vpn) -> bool:
        """The break before the make."""
        small = m.shadow.present[vpn] | m.shadow.unsynced[vpn]
        return implies(small, neg(m.superpages.held[cpu, m.superpages.region_of[vpn]]))

    @invariant(Contract.LOGGING, "I-SHADOW", "R3", goal=True)
    def a_large_mapping_is_the_guests_own(self, m: S, vpn: Vpn) -> bool:
        """For every page of the region; and a right is kept only with its entry."""
        table, large = m.source.table, m.superpages
        region = large.region_of[vpn]
        own = table.present[vpn] & table.writable[vpn] & (table.frame[vpn] == large.frame[vpn])
        return implies(large.mapped[region], own) & implies(large.writable[region], large.mapped[region])

    @invariant(Contract.LOGGING, "I-SHADOW", "R8", goal=True)
    def after_a_flush_a_large_tlb_entry_is_the_guests_own(self, m: S, cpu: Cpu, vpn: Vpn) -> bool:
        """R8, for large entries: the guest may change one page's entry, and flush that page alone."""
        table, large = m.source.table, m.superpages
        region = large.region_of[vpn]
        own = table.present[vpn] & (table.frame[vpn] == large.frame[vpn])
        rights = implies(large.held_writable[cpu, region], table.writable[vpn])
        return implies(large.held[cpu, region] & neg(m.cpus.unflushed[cpu, vpn]), own & rights) & implies(
            large.held_writable[cpu, region], large.held[cpu, region]
        )
