"""Walking guest page tables in guest memory: two levels. A store to a table frame is a store like any other.

What a walk gives is kept as ``source.table``, so that the rest of the machine reads the guest's table as ever. An entry
counts as present once its A bits are set, as writable once its D bit is: before, the walker has to set them.
"""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Contract, Cpu, Map, Pfn, Value, Vpn, Word, implies, invariant, need, neg
from refmodel.logging.table_state import G
from refmodel.state import Guest, Table, same_entry

__all__ = ["Memory", "TableWalk"]

Memory = Map[tuple[Pfn, Word], Value]
"""One side's memory."""


class TableWalk(HandOverSteps[G]):
    """The guest's table is what its memory says; it changes by stores, and travels as pages do."""

    leaves_out = frozenset({"guest_map", "guest_unmap"})

    def initial(self, anything: G) -> G:
        """Memory is anything, and so is what a walk of it gives."""
        m = super().initial(anything)
        return m.but(source=m.source.but(table=self.walk(m, m.roots.guest, m.source.memory)))

    def table_of(self, m: G, guest: Guest) -> Table:
        """Nothing: the guest's table is memory, and the guest sees it there."""
        table = super().table_of(m, guest)
        return table.but(present=table.present.cleared(), writable=table.writable.cleared())

    # one walk

    def upper_entry(self, m: G, root: int, memory: Memory, vpn: int) -> int:
        """What the root table holds for the page."""
        return memory[root, m.layout.upper[vpn]]

    def lower_table(self, m: G, root: int, memory: Memory, vpn: int) -> int:
        """The frame of the page's lower table: the one that its upper entry names."""
        return m.layout.frame_of[self.upper_entry(m, root, memory, vpn)]

    def leaf(self, m: G, root: int, memory: Memory, vpn: int) -> int:
        """What the lower table holds for the page."""
        return memory[self.lower_table(m, root, memory, vpn), m.layout.lower[vpn]]

    def is_usable(self, m: G, entry: int) -> bool:
        """The entry is present, and its A bit says that the walker uses it."""
        return m.layout.is_present[entry] & (m.layout.with_accessed[entry] == entry)

    def grants(self, m: G, upper: int, leaf: int) -> bool:
        """Both entries let the page be written, used before or not."""
        layout = m.layout
        present = layout.is_present[upper] & layout.is_present[leaf]
        return present & layout.is_writable[upper] & layout.is_writable[leaf]

    def is_granted(self, m: G, vpn: int) -> bool:
        """The guest's table lets the page be written; that A or D is not set yet is no fault of the guest's."""
        root, memory = m.roots.guest, m.source.memory
        return self.grants(m, self.upper_entry(m, root, memory, vpn), self.leaf(m, root, memory, vpn))

    def walk(self, m: G, root: int, memory: Memory) -> Table:
        """What walks of a memory give, for every page."""
        layout, table = m.layout, m.source.table

        def present(v: int) -> bool:
            upper, leaf = self.upper_entry(m, root, memory, v), self.leaf(m, root, memory, v)
            return self.is_usable(m, upper) & self.is_usable(m, leaf)

        def writable(v: int) -> bool:
            upper, leaf = self.upper_entry(m, root, memory, v), self.leaf(m, root, memory, v)
            return present(v) & self.grants(m, upper, leaf) & (layout.with_dirty[leaf] == leaf)

        return Table(
            present=table.present.only(present),
            frame=table.frame.made(lambda v: layout.frame_of[self.leaf(m, root, memory, v)]),
            writable=table.writable.only(writable),
        )

    def is_on_walk(self, m: G, vpn: int, page: int) -> bool:
        """The frame is one of the two tables that a walk for the page goes through."""
        root = m.roots.guest
        return (root == page) | (self.lower_table(m, root, m.source.memory, vpn) == page)

    def is_walked_at(self, m: G, vpn: int, page: int, word: int) -> bool:
        """A walk for the page reads this word."""
        root, layout = m.roots.guest, m.layout
        lower = self.lower_table(m, root, m.source.memory, vpn)
        return ((root == page) & (layout.upper[vpn] == word)) | ((lower == page) & (layout.lower[vpn] == word))

    def is_in_sync(self, m: G, vpn: int) -> bool:
        """Stores to both tables of the page's walk are trapped: the hypervisor expects no change but by emulation."""
        root = m.roots.guest
        lower = self.lower_table(m, root, m.source.memory, vpn)
        return m.tables.trapped[root] & m.tables.trapped[lower]

    # what a store does to the guest's table

    def stored(self, m: G, page: int, word: int, value: int) -> G:
        """The guest's table is what a walk gives now; entries that lost something may be stale until flushed.

        What only gained, as an entry that becomes present or writable, needs no flush: at worst it faults once more.
        Through trapped tables the shadow follows by emulation, or not at all: there nothing is looked for.
        """
        after = super().stored(m, page, word, value)
        old, table = m.source.table, self.walk(after, m.roots.guest, after.source.memory)

        def lost(v: int) -> bool:
            moved = neg(table.present[v]) | (table.frame[v] != old.frame[v])
            return old.present[v] & (moved | (old.writable[v] & neg(table.writable[v])))

        shadow, cpus = after.shadow, after.cpus
        return after.but(
            source=after.source.but(table=table),
            shadow=shadow.but(
                unsynced=shadow.unsynced.where(lambda v: shadow.present[v] & lost(v) & neg(self.is_in_sync(m, v)), True)
            ),
            cpus=cpus.but(unflushed=cpus.unflushed.where(lambda c, v: lost(v), True)),
        )

    def write_fault(self, m: G, cpu: int, vpn: int, value: int) -> G:
        """A leaf whose D bit is not set forbids nothing: the walker sets it first."""
        ready = m.source.table.writable[vpn] | neg(self.is_granted(m, vpn))
        need(ready, "what the guest's table lets be written has its A and D bits set")
        return super().write_fault(m, cpu, vpn, value)

    @invariant(Contract.LOGGING, "I-SHADOW", "R8", goal=True, export=True)
    def the_guests_table_is_what_a_walk_of_its_memory_gives(self, m: G, vpn: Vpn) -> bool:
        """Every store to a table frame, by whoever and through whichever mapping, is an update of the table."""
        return same_entry(m.source.table, self.walk(m, m.roots.guest, m.source.memory), vpn)

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def what_a_cpu_may_write_is_dirty_in_the_guests_own_entry(self, m: G, cpu: Cpu, vpn: Vpn) -> bool:
        """The guest's pager relies on D: where it owes no flush, nothing is written through an entry without it."""
        root, memory = m.roots.guest, m.source.memory
        upper, leaf = self.upper_entry(m, root, memory, vpn), self.leaf(m, root, memory, vpn)
        said = self.is_usable(m, upper) & self.is_usable(m, leaf) & (m.layout.with_dirty[leaf] == leaf)
        return implies(m.cpus.writable[cpu, vpn] & neg(m.cpus.unflushed[cpu, vpn]), said & self.grants(m, upper, leaf))
