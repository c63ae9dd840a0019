"""Accessed and dirty bits: the walker stores them into the guest's tables, and that store is one like any other.

The walker is the MMU while a CPU's root is the guest's own, the shadow's fault handler afterwards: then it is the
hypervisor that stores, and has to mark the frame of the very table that it stored to (Xen ``db2af23d15`` [C]).
"""

from refmodel.language import Cpu, Flag, Vpn, guest, implies, need, pick
from refmodel.logging.table_state import G
from refmodel.logging.table_stores import TableStores

__all__ = ["WalkerBits"]


class WalkerBits(TableStores[G]):
    """A bit is set in one entry at a time, atomically."""

    @guest
    def walker_marks_entry(self, m: G, cpu: Cpu, vpn: Vpn, in_leaf: Flag, dirty: Flag) -> G:
        """The walker sets A in an entry that it uses, the upper one first; or D, in a leaf that a store uses."""
        need(self.runs(m), "the source runs")
        root, memory, layout = m.roots.guest, m.source.memory, m.layout
        upper, leaf = self.upper_entry(m, root, memory, vpn), self.leaf(m, root, memory, vpn)
        need(implies(in_leaf, self.is_usable(m, upper)), "the upper entry is present and accessed")
        need(implies(dirty, in_leaf & self.is_usable(m, leaf)), "D is set in a leaf that is present and accessed")
        need(implies(dirty, self.grants(m, upper, leaf)), "the guest's table lets the page be written")
        need(layout.is_present[pick(in_leaf, leaf, upper)], "the entry is present")
        page, word, value = self.bit(m, vpn, in_leaf, dirty)
        need(value != memory[page, word], "the bit is not set yet")
        if self.walks_the_shadow(m, cpu):
            return self.bit_set(m, page, word, value)
        return self.stored(m, page, word, value)

    def bit(self, m: G, vpn: int, in_leaf: bool, dirty: bool) -> tuple[int, int, int]:
        """Where the entry is, and what it holds with the bit set: frame, word, value."""
        root, memory, layout = m.roots.guest, m.source.memory, m.layout
        page = pick(in_leaf, self.lower_table(m, root, memory, vpn), root)
        word = pick(in_leaf, layout.lower[vpn], layout.upper[vpn])
        entry = memory[page, word]
        return page, word, pick(dirty, layout.with_dirty[entry], layout.with_accessed[entry])

    def bit_set(self, m: G, page: int, word: int, value: int) -> G:
        """The fault handler stores the bit."""
        return self.written(m, page, word, value)
