"""Stores to table frames that are kept in sync: each faults, and is emulated by the hypervisor on the guest's behalf.

A frame has two reasons to be mapped read-only, the log and its being a table. Both have to be over before a mapping of
it may be entered writable: Linux ``7c8a4742c4ab`` [P] had two reasons on one bit.
"""

from collections.abc import Callable

from refmodel.language import Contract, Cpu, Pfn, Value, Vpn, Word, guest, implies, invariant, need, neg, pick
from refmodel.logging.shadow import Entry
from refmodel.logging.table_state import G
from refmodel.logging.table_walk import TableWalk
from refmodel.state import Shadow

__all__ = ["TableStores"]


class TableStores(TableWalk[G]):
    """What a trapped table is mapped as, and what a store to it comes to."""

    def initial(self, anything: G) -> G:
        """The shadow uses no table yet."""
        m = super().initial(anything)
        tables = m.tables
        return m.but(
            tables=tables.but(trapped=tables.trapped.cleared(), claiming=False, flushed=tables.flushed.cleared())
        )

    # the second reason to be read-only

    def traps(self, m: G, page: int) -> bool:
        """Stores to the frame have to fault, or will have to once the CPUs have been flushed: it is a table."""
        tables = m.tables
        return tables.trapped[page] | (tables.claiming & (tables.claimed == page))

    def is_data(self, m: G, page: int) -> bool:
        """No table whose stores are trapped: of a write beside the vCPUs the shadow would not learn."""
        return super().is_data(m, page) & neg(self.traps(m, page))

    def propagate(self, m: G, vpn: int) -> Entry:
        """Whatever the log permits, a table whose stores are trapped is entered read-only."""
        entry = super().propagate(m, vpn)
        return Entry(entry.present, entry.frame, entry.writable & neg(self.traps(m, entry.frame)))

    def permitted(self, m: G, page: int) -> G:
        """The log's reason is over; the other may not be."""
        after = super().permitted(m, page)  # type: ignore[safe-super]  # the protection's own
        shadow = after.shadow
        writable = shadow.writable.where(lambda v: self.traps(after, shadow.frame[v]), False)
        return after.but(shadow=shadow.but(writable=writable))

    def may_be_written_unseen(self, m: G, page: int, cpu: int) -> bool:
        """No table whose stores are trapped, unless this CPU is still to be flushed for it."""
        tables = m.tables
        waits = tables.claiming & (tables.claimed == page) & tables.flushed[cpu]
        return super().may_be_written_unseen(m, page, cpu) & neg(tables.trapped[page]) & neg(waits)

    def may_lag(self, m: G, page: int) -> bool:
        """A table whose stores are trapped is mapped read-only whatever the guest grants."""
        return super().may_lag(m, page) | self.traps(m, page)

    def entry_may_lag(self, m: G, vpn: int) -> bool:
        """Through a table that is not trapped an entry may gain rights unnoticed: that needs no flush of the guest."""
        return super().entry_may_lag(m, vpn) | neg(self.is_in_sync(m, vpn))

    # stores by the hypervisor

    def written(self, m: G, page: int, word: int, value: int) -> G:
        """The hypervisor stores on the guest's behalf: the page is marked, and the shadow follows.

        Xen ``a1346661f0``, ``d6b2fad88e`` [C/T]: changes of page tables by the hypervisor were not marked.
        """
        return self.followed(self.accounted(m, page), page, word, value)

    def accounted(self, m: G, page: int) -> G:
        """The page is marked, as by a fault, unless its stores may pass unseen: then it will be sent anyway."""
        return m if self.permits(m, page) else self.marked(m, page)

    def followed(self, m: G, page: int, word: int, value: int) -> G:
        """Memory after the store, and the shadow entries whose walk reads the word made afresh."""
        after = self.stored(m, page, word, value)
        return after.but(shadow=self.refreshed(after, lambda v: self.is_walked_at(m, v, page, word)))

    def refreshed(self, m: G, which: Callable[[int], bool]) -> Shadow:
        """The shadow with some of its entries made afresh from the guest's; what the guest unmapped goes."""
        shadow = m.shadow

        def writable(v: int) -> bool:
            entry = self.propagate(m, v)
            return pick(which(v), shadow.present[v] & entry.present & entry.writable, shadow.writable[v])

        return shadow.but(
            present=shadow.present.where(lambda v: which(v) & neg(self.propagate(m, v).present), False),
            frame=shadow.frame.made(lambda v: pick(which(v), self.propagate(m, v).frame, shadow.frame[v])),
            writable=shadow.writable.only(writable),
            unsynced=shadow.unsynced.where(which, False),
        )

    @guest
    def emulated_store(self, m: G, cpu: Cpu, vpn: Vpn, word: Word, value: Value) -> G:
        """A store to a trapped table faults, and the hypervisor does it: where the guest's own table leads now."""
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(neg(m.cpus.writable[cpu, vpn]), "the TLB has no writable entry for the page")
        need(m.cpus.present[cpu, vpn] | neg(m.shadow.writable[vpn]), "a walk would find no writable entry either")
        need(m.source.table.writable[vpn], "the guest's table lets the page be written")
        page = m.source.table.frame[vpn]
        need(self.traps(m, page), "stores to the frame are trapped: it is a table")
        return self.emulated(m, page, word, value)

    def emulated(self, m: G, page: int, word: int, value: int) -> G:
        """The store that is emulated."""
        return self.written(m, page, word, value)

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def a_table_whose_stores_are_trapped_is_mapped_writable_nowhere(self, m: G, vpn: Vpn) -> bool:
        """From when it is claimed: no walk after a flush brings a writable entry back."""
        return implies(m.shadow.writable[vpn], neg(self.traps(m, m.shadow.frame[vpn])))

    @invariant(Contract.LOGGING, "R8", goal=True)
    def an_entry_is_out_of_sync_only_through_a_table_that_is(self, m: G, vpn: Vpn) -> bool:
        """Where both tables of a walk are trapped, the shadow has nothing to catch up with."""
        return implies(self.is_in_sync(m, vpn), neg(m.shadow.unsynced[vpn]))

    @invariant(Contract.LOGGING, "R1")
    def no_table_is_trapped_before_every_cpu_walks_the_shadow(self, m: G, page: Pfn, cpu: Cpu) -> bool:
        """A CPU on the guest's own table would store to a trapped one without a fault."""
        return implies(self.traps(m, page), self.walks_the_shadow(m, cpu))
