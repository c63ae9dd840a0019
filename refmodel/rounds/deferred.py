"""Pages that cannot be read just now are deferred to the last round.

Xen's ``write_batch`` [D] sets a page's bit in ``deferred_pages`` where it has no frame, or where its page table cannot
be normalised while the guest changes it (EAGAIN, ``a335a58e75`` [C]); the stream then has no contents for it.
``suspend_and_send_dirty`` joins ``deferred_pages`` to the last harvest. With the guest suspended nothing changes under
the reader any more: what cannot be read then is an error, and the migration is given up.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Pfn, Set, engine, implies, invariant, need, neg
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Machine, Phase, Stage

__all__ = ["D", "DeferredPages", "WithDeferred"]


@frozen(slots=False)
class WithDeferred(Machine):
    """The state of a machine that defers pages."""

    deferred: Set[Pfn]
    """Pages that the last round owes, whatever the log says of them."""


D = TypeVar("D", bound=WithDeferred)


class DeferredPages(MigrationRounds[D]):
    """A page in hand may turn out not to be readable, for any reason; then the last round owes it."""

    def initial(self, anything: D) -> D:
        """No page has been deferred."""
        m = super().initial(anything)
        return m.but(deferred=m.deferred.cleared())

    @engine
    def transfer_defer(self, m: D) -> D:
        """The page in hand cannot be read, and nothing of it has been sent."""
        need(m.phase == Phase.LIVE, "the guest runs: in the last round this is an error")
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.transfer.read.is_empty, "no word of the page has been sent")
        page = m.transfer.page
        return m.but(
            deferred=m.deferred.add(page),
            transfer=self.idle(m),
            ghost=m.ghost.but(noted=m.ghost.noted.add(page)),
        )

    def final_harvest(self, m: D) -> D:
        """The last round owes what was deferred as well."""
        after = super().final_harvest(m)
        rounds = after.rounds.but(to_send=after.rounds.to_send | m.deferred)
        return after.but(rounds=rounds, deferred=m.deferred.cleared())

    def is_marked(self, m: D, page: int) -> bool:
        """The last round will owe it."""
        return m.deferred[page] | super().is_marked(m, page)

    @invariant(Contract.ROUNDS, "I-CONS", "I-FINAL", goal=True)
    def nothing_is_deferred_past_the_last_harvest(self, m: D, page: Pfn) -> bool:
        """There is no later round to defer a page to."""
        last = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(last, neg(m.deferred[page]))
