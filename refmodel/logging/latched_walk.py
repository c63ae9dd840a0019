"""The fault handler walks the guest's table without the lock, and uses under the lock what it read before.

So it has to look again: Xen ``24488e9b29`` [C] put an entry into the shadow that another vCPU had lowered meanwhile,
and Linux ``4f510c8bb1dd`` [P] wrote back an entry that the hardware had set a bit in. A bit is set by an exchange that
compares, a fill is revalidated (Xen's ``shadow_check_gwalk``, Linux ``f7d9c7b7b902`` [P]).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Cpu,
    Flag,
    Map,
    Pfn,
    Set,
    State,
    Value,
    Vpn,
    Word,
    guest,
    implies,
    law,
    need,
    neg,
    pick,
)
from refmodel.logging.table_state import WithGuestTables
from refmodel.logging.table_sync import TableSync

__all__ = ["LatchedWalk", "Latches", "W", "WithLatches"]


@frozen(slots=False)
class Latches(State):
    """What each CPU's fault handler has read of the guest's tables and not used yet."""

    walking: Set[Cpu]
    vpn: Map[Cpu, Vpn]
    """The page that it walked for; this and what it read mean nothing while it is not walking."""
    upper: Map[Cpu, Value]
    leaf: Map[Cpu, Value]


@frozen(slots=False)
class WithLatches(WithGuestTables):
    """The state of a machine whose fault handler walks without the lock."""

    latches: Latches


W = TypeVar("W", bound=WithLatches)


class LatchedWalk(TableSync[W]):
    """Fills, in two steps: the walk, and its use. Bits are set by such a walk too."""

    leaves_out = frozenset({"shadow_fill"})

    def initial(self, anything: W) -> W:
        """No fault is being handled."""
        m = super().initial(anything)
        return m.but(latches=m.latches.but(walking=m.latches.walking.cleared()))

    @guest
    def latched_walk(self, m: W, cpu: Cpu, vpn: Vpn) -> W:
        """A CPU faults: the handler reads the two entries for the page."""
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(neg(m.latches.walking[cpu]), "the CPU handles no fault")
        root, memory, latches = m.roots.guest, m.source.memory, m.latches
        return m.but(
            latches=latches.but(
                walking=latches.walking.add(cpu),
                vpn=latches.vpn.set(cpu, vpn),
                upper=latches.upper.set(cpu, self.upper_entry(m, root, memory, vpn)),
                leaf=latches.leaf.set(cpu, self.leaf(m, root, memory, vpn)),
            )
        )

    @guest
    def latched_fill(self, m: W, cpu: Cpu) -> W:
        """The shadow gets the entry for what was read, if that is still what the guest's table says."""
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(m.latches.walking[cpu], "the CPU handles a fault")
        vpn = m.latches.vpn[cpu]
        need(neg(m.shadow.present[vpn]), "the shadow has no entry for the page")
        need(self.is_usable(m, m.latches.upper[cpu]), "the upper entry that was read is present and accessed")
        need(self.is_usable(m, m.latches.leaf[cpu]), "the leaf that was read is present and accessed")
        need(self.revalidated(m, cpu), "the entries are what was read")
        return self.walk_ended(m, cpu).but(shadow=self.entered(self.as_read(m, cpu), vpn))

    @guest
    def latched_bit(self, m: W, cpu: Cpu, in_leaf: Flag, dirty: Flag) -> W:
        """A or D is set in an entry as it was read, if it is still so; then the handler walks again."""
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(m.latches.walking[cpu], "the CPU handles a fault")
        upper, leaf = m.latches.upper[cpu], m.latches.leaf[cpu]
        need(implies(in_leaf, self.is_usable(m, upper)), "the upper entry is present and accessed")
        need(implies(dirty, in_leaf & self.is_usable(m, leaf)), "D is set in a leaf that is present and accessed")
        need(implies(dirty, self.grants(m, upper, leaf)), "the guest's table lets the page be written")
        entry = pick(in_leaf, leaf, upper)
        value = pick(dirty, m.layout.with_dirty[entry], m.layout.with_accessed[entry])
        need(m.layout.is_present[entry], "the entry is present")
        need(value != entry, "the bit is not set yet")
        need(self.exchanged(m, cpu), "the exchange finds the entries as they were read")
        vpn = m.latches.vpn[cpu]
        page = pick(in_leaf, m.layout.frame_of[upper], m.roots.guest)
        word = pick(in_leaf, m.layout.lower[vpn], m.layout.upper[vpn])
        return self.walk_ended(self.bit_set(m, page, word, value), cpu)

    @guest
    def latched_again(self, m: W, cpu: Cpu) -> W:
        """The handler gives up, and the access faults again."""
        need(self.runs(m), "the source runs")
        need(m.latches.walking[cpu], "the CPU handles a fault")
        return self.walk_ended(m, cpu)

    def walk_ended(self, m: W, cpu: int) -> W:
        """What was read has been used."""
        return m.but(latches=m.latches.but(walking=m.latches.walking.discard(cpu)))

    def revalidated(self, m: W, cpu: int) -> bool:
        """Under the lock the fill looks again."""
        return self.is_still(m, cpu)

    def exchanged(self, m: W, cpu: int) -> bool:
        """The store of a bit is a compare-and-exchange."""
        return self.is_still(m, cpu)

    def is_still(self, m: W, cpu: int) -> bool:
        """The guest's entries are what the handler read."""
        vpn, root, memory = m.latches.vpn[cpu], m.roots.guest, m.source.memory
        upper, leaf = self.upper_entry(m, root, memory, vpn), self.leaf(m, root, memory, vpn)
        return (m.latches.upper[cpu] == upper) & (m.latches.leaf[cpu] == leaf)

    def as_read(self, m: W, cpu: int) -> W:
        """The machine as if the guest's table said what was read."""
        vpn, upper, leaf = m.latches.vpn[cpu], m.latches.upper[cpu], m.latches.leaf[cpu]
        table, layout = m.source.table, m.layout
        present = self.is_usable(m, upper) & self.is_usable(m, leaf)
        writable = present & self.grants(m, upper, leaf) & (layout.with_dirty[leaf] == leaf)
        read = table.but(
            present=table.present.put(vpn, present),
            frame=table.frame.set(vpn, layout.frame_of[leaf]),
            writable=table.writable.put(vpn, writable),
        )
        return m.but(source=m.source.but(table=read))

    @law(Contract.LOGGING, "I-SHADOW")
    def a_fault_changes_no_entry_but_for_a_bit(self, before: W, after: W, cpu: Cpu, page: Pfn, word: Word) -> bool:
        """What the guest or another walker stored since the walk is still there."""
        ended = before.latches.walking[cpu] & neg(after.latches.walking[cpu])
        old, new = before.source.memory[page, word], after.source.memory[page, word]
        bit = (new == before.layout.with_accessed[old]) | (new == before.layout.with_dirty[old])
        return implies(ended, (new == old) | bit)
