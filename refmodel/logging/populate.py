"""Populate on demand (Xen's PoD): a page comes into being at its first touch.

Until then the guest's physical address has no frame behind it, and no table names one. The entry that populating it
makes is writable: it has to be marked, for the target has never seen the page (Xen ``f56daba7cf`` [D]). What is not
populated is not sent, and comes into being at the target as it would have here.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Cpu,
    Pfn,
    Set,
    State,
    Value,
    Vpn,
    Word,
    guest,
    implies,
    invariant,
    need,
    neg,
    pick,
)
from refmodel.rounds.skip import Skips
from refmodel.state import Cpus, Machine, Shadow

__all__ = ["OnDemand", "PopulateOnDemand", "Q", "WithPopulation"]


@frozen(slots=False)
class OnDemand(State):
    """The pages that have come into being, on the side that has the guest."""

    populated: Set[Pfn]


@frozen(slots=False)
class WithPopulation(Machine):
    """The state of a machine with pages that are populated on demand."""

    on_demand: OnDemand


Q = TypeVar("Q", bound=WithPopulation)


class PopulateOnDemand(Skips[Q]):
    """The p2m is changed under its lock: the entry, the mark, and the flush of what it named are one step."""

    def is_ram(self, m: Q, page: int) -> bool:
        """Before it is populated, it has no contents, and no frame that a table could name."""
        return super().is_ram(m, page) & m.on_demand.populated[page]

    def may_be_skipped(self, m: Q, page: int) -> bool:
        """There is no frame to read."""
        return super().may_be_skipped(m, page) | neg(m.on_demand.populated[page])

    @guest
    def populate(self, m: Q, page: Pfn, word: Word, value: Value) -> Q:
        """The first touch: a frame of the pool is zeroed, and put behind the page. What was there before was nothing.

        ``word`` is one in which it differs from what the frame, or the page, held last.
        """
        need(self.runs(m), "the source runs")
        need(neg(m.on_demand.populated[page]), "the page has not been populated")
        return self.entry_marked(self.entry_made(self.stored(m, page, word, value), page), page)

    def entry_made(self, m: Q, page: int) -> Q:
        """The p2m has a writable entry for the page."""
        return m.but(on_demand=m.on_demand.but(populated=m.on_demand.populated.add(page)))

    def entry_marked(self, m: Q, page: int) -> Q:
        """The new entry is marked, "to avoid corruption when doing live migration" (``f56daba7cf`` [D])."""
        return self.marked(m, page)

    @guest
    def decrease_reservation(self, m: Q, page: Pfn) -> Q:
        """The guest gives a page back: its entry goes, and with it every mapping and TLB entry that names its frame.

        Marks of it may stay behind: they cost a look, and no more (``98fccdf0ac`` [C] clears them).
        """
        need(self.runs(m), "the source runs")
        need(m.on_demand.populated[page], "the page has been populated")
        return m.but(
            shadow=self.unmapped(m, page),
            cpus=self.shot_down(m, page),
            on_demand=m.on_demand.but(populated=m.on_demand.populated.discard(page)),
        )

    def unmapped(self, m: Q, page: int) -> Shadow:
        """The shadow without entries that name the page's frame."""
        shadow = m.shadow
        return shadow.but(
            present=shadow.present.where(lambda v: shadow.frame[v] == page, False),
            writable=shadow.writable.where(lambda v: shadow.frame[v] == page, False),
            unsynced=shadow.unsynced.where(lambda v: shadow.frame[v] == page, False),
        )

    def shot_down(self, m: Q, page: int) -> Cpus:
        """The CPUs without TLB entries that name the page's frame."""
        cpus = m.cpus
        return cpus.but(
            present=cpus.present.where(lambda c, v: cpus.frame[c, v] == page, False),
            writable=cpus.writable.where(lambda c, v: cpus.frame[c, v] == page, False),
        )

    @guest
    def target_populate(self, m: Q, page: Pfn, value: Value) -> Q:
        """The first touch at the target: the page comes into being there, zeroed."""
        need(m.hand_over.target_runs, "the target runs")
        need(neg(m.on_demand.populated[page]), "the page has not been populated")
        memory = m.target.memory
        zeroed = memory.made(lambda p, w: pick(p == page, value, memory[p, w]))
        after = self.entry_made(m.but(target=m.target.but(memory=zeroed)), page)
        need(self.matters(after, page), "the page is the guest's once it has been populated")
        return after

    @invariant(Contract.LOGGING, "I-COVER", "I-SHADOW", goal=True)
    def an_entry_names_a_page_that_has_been_populated(self, m: Q, cpu: Cpu, vpn: Vpn) -> bool:
        """In the shadow and in every TLB: the frame behind a page that is no more belongs to somebody else."""
        populated = m.on_demand.populated
        shadow = implies(m.shadow.present[vpn], populated[m.shadow.frame[vpn]])
        return shadow & implies(m.cpus.present[cpu, vpn], populated[m.cpus.frame[cpu, vpn]])
