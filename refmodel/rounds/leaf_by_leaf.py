"""The harvest, leaf by leaf: the log is a trie, and a leaf of it is copied to the caller and cleared at a time.

Xen's ``paging_log_dirty_op`` [D] does so, and a copy may fault midway (-EFAULT): then earlier leaves have been cleared,
and ``ops->clean`` is not called, so that pages whose bits are gone are still entered writable. As it stands the caller
has to abort (observation O-2, not confirmed). Here the bits go back, as Firecracker's ``store_dirty_bitmap``
(``0d0cab9f37`` [C+D]) and Propolis' SET_DIRTY (``#682`` [P]) have it, and the call may be repeated.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Chunk, Contract, Map, Pfn, Set, Sizes, State, engine, implies, invariant, need, neg
from refmodel.logging.protect_at_harvest import WithClean
from refmodel.rounds.log_dirty_op import LogDirtyOp

__all__ = ["L", "LeafByLeaf", "Leaves", "WithLeaves"]


@frozen(slots=False)
class Leaves(State):
    """A copy of the log under way, and what the caller has of it."""

    of: Map[Pfn, Chunk]
    """The leaf that a page's bit lies in. Constant: 32,768 pages a leaf in Xen; here, pages go round the leaves."""
    copied: Set[Chunk]
    """Leaves that have been copied and cleared in this call."""
    found: Set[Pfn]
    """The caller's bitmap: the bits of the leaves that were copied."""


@frozen(slots=False)
class WithLeaves(WithClean):
    """The state of a machine that harvests leaf by leaf."""

    leaves: Leaves


L = TypeVar("L", bound=WithLeaves)


class LeafByLeaf(LogDirtyOp[L]):
    """``next_round`` is what the last leaf comes to: all have been copied, and their pages are to be protected."""

    def initial(self, anything: L) -> L:
        """No leaf has been copied; pages lie in leaves in any way."""
        return self.returned(super().initial(anything))

    def start(self, sizes: Sizes) -> L:
        """Pages go round the leaves."""
        m = super().start(sizes)
        return m.but(leaves=m.leaves.but(of=m.leaves.of.made(lambda page: page % sizes["chunk"])))

    def returned(self, m: L) -> L:
        """The call has returned: the caller has done something with its bitmap."""
        return m.but(leaves=m.leaves.but(copied=m.leaves.copied.cleared(), found=m.leaves.found.cleared()))

    @engine
    def harvest_leaf(self, m: L, leaf: Chunk) -> L:
        """One leaf is copied and cleared, under the paging lock; between two, others may take it and mark pages."""
        need(m.clean.under_way & neg(m.clean.cleared), "a CLEAN is under way, and not all of the log has been copied")
        need(neg(m.leaves.copied[leaf]), "the leaf has not been copied yet")
        kept = m.log.dirty.where(lambda page: m.leaves.of[page] == leaf, False)
        found = m.leaves.found | (m.log.dirty - kept)
        return m.but(log=m.log.but(dirty=kept), leaves=m.leaves.but(copied=m.leaves.copied.add(leaf), found=found))

    @engine
    def harvest_fails(self, m: L) -> L:
        """A leaf cannot be copied: those that were go back into the log, and the domain is unpaused. Nothing is lost,
        nothing was protected, and the caller may try again."""
        need(m.clean.under_way & neg(m.clean.cleared), "a CLEAN is under way, and not all of the log has been copied")
        put_back = m.but(log=m.log.but(dirty=m.log.dirty | m.leaves.found))
        return self.returned(self.ended(put_back))

    def next_round(self, m: L) -> L:
        """The last leaf has been copied."""
        need(m.leaves.copied.is_full, "every leaf has been copied")
        return super().next_round(m)

    def found(self, m: L) -> Set[Pfn]:
        """What the leaves held when they were copied. The last harvest, at which nothing else moves, is one step."""
        return m.leaves.found if m.clean.under_way else super().found(m)

    def emptied(self, m: L) -> L:
        """The leaves were cleared when they were copied: what was marked since stays."""
        return self.returned(m) if m.clean.under_way else super().emptied(m)

    def is_to_be_blown(self, m: L, page: int) -> bool:
        """Also while later leaves are still to be copied."""
        return m.leaves.found[page] | super().is_to_be_blown(m, page)

    def is_marked(self, m: L, page: int) -> bool:
        """Its bit is in the caller's bitmap, which is not the round's yet."""
        return m.leaves.found[page] | super().is_marked(m, page)

    def logging_ended(self, m: L) -> L:
        """The call ends with the migration."""
        return self.returned(super().logging_ended(m))

    @invariant(Contract.ROUNDS, "I-CONS", goal=True)
    def bits_are_the_callers_alone_only_while_the_log_is_copied(self, m: L, page: Pfn, leaf: Chunk) -> bool:
        """When the call returns they are in the round or back in the log, whichever way it returns."""
        copying = m.clean.under_way & neg(m.clean.cleared)
        return implies(m.leaves.found[page] | m.leaves.copied[leaf], copying)
