"""With page tables in memory only the root register travels at the stop; the target walks its own memory.

The assumption that the guest's table travels as a whole goes: ``send_table`` and its claim are left out.
"""

from refmodel.language import Contract, Vpn, engine, implies, invariant, need, neg
from refmodel.logging.table_state import G
from refmodel.logging.table_walk import TableWalk
from refmodel.state import Phase, same_entry

__all__ = ["RootTravels"]


class RootTravels(TableWalk[G]):
    """What the target's table is: a walk of the memory that has arrived, from the root that has."""

    leaves_out = frozenset({"send_table", "a_table_that_was_sent_is_equal"})

    @engine
    def send_root(self, m: G) -> G:
        """The root register travels, with the rest of the context."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(neg(m.hand_over.table_sent), "the root register has not travelled yet")
        return m.but(
            roots=m.roots.but(target=m.roots.guest),
            hand_over=m.hand_over.but(table_sent=True),
        )

    def commit(self, m: G) -> G:
        """Memory and root are there: what the target's MMU finds is settled."""
        return self.walked_at_target(super().commit(m))

    def target_store(self, m: G, vpn: int, word: int, value: int) -> G:
        """A store at the target may be one to a table."""
        return self.walked_at_target(super().target_store(m, vpn, word, value))

    def walked_at_target(self, m: G) -> G:
        """What walks of the target's memory give."""
        return m.but(target=m.target.but(table=self.walk(m, m.roots.target, m.target.memory)))

    @invariant(Contract.HAND_OVER, "R12", export=True)
    def from_the_commit_the_targets_table_is_a_walk_of_its_memory(self, m: G, vpn: Vpn) -> bool:
        """No table is taken over: what was not sent as a page is not there."""
        settled = self.is_committed(m) | (m.phase == Phase.AFTER)
        return implies(settled, same_entry(m.target.table, self.walk(m, m.roots.target, m.target.memory), vpn))

    @invariant(Contract.HAND_OVER, "R12", export=True)
    def a_root_that_was_sent_is_the_guests(self, m: G) -> bool:
        """And it stays so."""
        return implies(m.hand_over.table_sent, m.roots.target == m.roots.guest)
