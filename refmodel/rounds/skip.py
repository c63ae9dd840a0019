"""Skipping: a page of which nothing need be read is put aside unread, once it is protected like any other.

Xen's ``write_batch`` [D] sends no contents for a pfn without a frame (XTAB, INVALID_MFN); QEMU sends none of what the
guest has hinted free. What may be skipped is said by other parts.
"""

from refmodel.language import Contract, engine, implies, law, need, neg
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import M, Stage

__all__ = ["Skips"]


class Skips(PageTransfer[M]):
    """A page in hand need not be read if what it holds does not matter."""

    @engine
    def transfer_skip(self, m: M) -> M:
        """Nothing more of the page is read: on to the next one. It is protected by now: what comes after is logged."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(self.may_be_skipped(m, m.transfer.page), "what the page holds does not matter")
        return self.skipped(m)

    def skipped(self, m: M) -> M:
        """The engine between two pages, the page unread."""
        return m.but(transfer=self.idle(m))

    @law(Contract.ROUNDS, "I-CONS", "I-ORDER")
    def what_is_put_aside_unread_is_protected_and_does_not_matter(self, before: M, after: M) -> bool:
        """Unless it is still owed, or has arrived otherwise: no page is dropped that somebody misses, or that can be
        written unseen."""
        page = before.transfer.page
        unread = (before.transfer.stage != Stage.IDLE) & neg(before.transfer.read.is_full)
        put_aside = unread & (after.transfer.stage == Stage.IDLE) & self.is_migrating(after)
        free = (before.transfer.stage == Stage.READING) & neg(self.matters(before, page))
        arrived = after.source.memory.same_row(after.target.memory, page)
        return implies(put_aside, free | arrived | self.is_owed(after, page))
