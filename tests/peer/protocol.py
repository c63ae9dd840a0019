"""A second specification: the small pre-copy protocol that other model checkers have been compared on.

Pages are protected and copied in two steps, a write to a protected page is logged, rounds end by a harvest. Its state
counts are known from other tools, so that it tests the search, and its proof is short, so that it tests the prover.
``Precopy`` may pause at any time; ``Searched`` only when at most one page is left, as the counted model does.
"""

from enum import IntEnum

from attrs import frozen

from refmodel.language import (
    Contract,
    Map,
    Pfn,
    Set,
    Specification,
    State,
    Value,
    engine,
    guest,
    implies,
    invariant,
    need,
    neg,
)

__all__ = ["CopiesFirst", "Precopy", "Searched", "Small", "SmallPhase"]


class SmallPhase(IntEnum):
    """Where the migration is."""

    PRECOPY = 0
    PAUSED = 1
    DONE = 2


@frozen(slots=False)
class Small(State):
    """Its whole state. ``sending`` holds the page between the two steps of its transfer, and so at most one."""

    phase: SmallPhase
    source: Map[Pfn, Value]
    target: Map[Pfn, Value]
    protected: Set[Pfn]
    dirty: Set[Pfn]
    pending: Set[Pfn]
    sending: Set[Pfn]


class Precopy(Specification[Small]):
    """The protocol for any number of pages."""

    state = Small

    def initial(self, anything: Small) -> Small:
        """Every page is pending; memory is anything."""
        return anything.but(
            phase=SmallPhase.PRECOPY,
            protected=anything.protected.cleared(),
            dirty=anything.dirty.cleared(),
            pending=anything.pending.filled(),
            sending=anything.sending.cleared(),
        )

    @guest
    def write(self, m: Small, page: Pfn, value: Value) -> Small:
        """A write to a protected page faults first: the page is dirty, and protected no longer."""
        need(m.phase == SmallPhase.PRECOPY, "the guest runs")
        written = m.but(source=m.source.set(page, value))
        if m.protected[page]:
            return written.but(dirty=m.dirty.add(page), protected=m.protected.discard(page))
        return written

    @engine
    def send_a(self, m: Small, page: Pfn) -> Small:
        """First half of a page's transfer."""
        need(m.phase == SmallPhase.PRECOPY, "rounds are running")
        need(m.sending.is_empty, "nothing is being sent")
        need(m.pending[page], "the page is pending")
        return self.first_half(m, page).but(sending=m.sending.add(page))

    @engine
    def send_b(self, m: Small, page: Pfn) -> Small:
        """Second half of a page's transfer."""
        need(m.sending[page], "the page is being sent")
        return self.second_half(m, page).but(sending=m.sending.discard(page))

    def first_half(self, m: Small, page: int) -> Small:
        """Protect."""
        return self.protect(m, page)

    def second_half(self, m: Small, page: int) -> Small:
        """Copy."""
        return self.copy(m, page)

    def protect(self, m: Small, page: int) -> Small:
        """From now on a write to the page is logged."""
        return m.but(protected=m.protected.add(page), pending=m.pending.discard(page))

    def copy(self, m: Small, page: int) -> Small:
        """The page reaches the target as it is now."""
        return m.but(target=m.target.set(page, m.source[page]))

    @engine
    def end_round(self, m: Small) -> Small:
        """Everything has been sent: the next round sends what was dirtied meanwhile."""
        need(m.phase == SmallPhase.PRECOPY, "rounds are running")
        need(m.sending.is_empty & m.pending.is_empty, "nothing is pending or being sent")
        return m.but(pending=m.dirty, dirty=m.dirty.cleared())

    @engine
    def pause(self, m: Small) -> Small:
        """The guest stands still, and everything dirty is pending."""
        need(m.phase == SmallPhase.PRECOPY, "rounds are running")
        need(m.sending.is_empty, "nothing is being sent")
        need(self.is_converged(m), "little is left to send")
        return m.but(phase=SmallPhase.PAUSED, pending=m.pending | m.dirty, dirty=m.dirty.cleared())

    def is_converged(self, m: Small) -> bool:
        """When the policy pauses: left open here, so that every policy is covered."""
        return True

    @engine
    def send_paused(self, m: Small, page: Pfn) -> Small:
        """A page travels while the guest stands still."""
        need(m.phase == SmallPhase.PAUSED, "the guest stands still")
        need(m.pending[page], "the page is pending")
        return self.copy(m, page).but(pending=m.pending.discard(page))

    @engine
    def cutover(self, m: Small) -> Small:
        """The target takes over."""
        need(m.phase == SmallPhase.PAUSED, "the guest stands still")
        need(m.pending.is_empty, "nothing is pending")
        return m.but(phase=SmallPhase.DONE)

    @invariant(Contract.PROMISE, "I-EQ", goal=True)
    def when_done_the_target_equals_the_source(self, m: Small, page: Pfn) -> bool:
        """The property."""
        return implies(m.phase == SmallPhase.DONE, m.target[page] == m.source[page])

    @invariant(Contract.ROUNDS, "I-ORDER")
    def a_page_that_nothing_marks_is_equal(self, m: Small, page: Pfn) -> bool:
        """Neither pending, nor dirty, nor being sent: it has arrived as it is now."""
        return self.is_owed(m, page) | (m.target[page] == m.source[page])

    def is_owed(self, m: Small, page: int) -> bool:
        """The target's copy need not be the source's."""
        return m.pending[page] | m.dirty[page] | m.sending[page]

    @invariant(Contract.LOGGING, "I-LOG")
    def a_page_that_can_be_written_unseen_will_be_sent(self, m: Small, page: Pfn) -> bool:
        """Unprotected pages are pending or dirty."""
        unseen = (m.phase == SmallPhase.PRECOPY) & neg(m.protected[page])
        return implies(unseen, m.pending[page] | m.dirty[page])

    @invariant(Contract.ROUNDS, "I-FINAL")
    def once_paused_only_pending_pages_are_owed(self, m: Small, page: Pfn) -> bool:
        """The last harvest emptied the log, and nothing was being sent."""
        return (m.phase == SmallPhase.PRECOPY) | (neg(m.dirty[page]) & neg(m.sending[page]))

    @invariant(Contract.ROUNDS)
    def when_done_nothing_is_pending(self, m: Small, page: Pfn) -> bool:
        """Cutover waits for the last page."""
        return implies(m.phase == SmallPhase.DONE, neg(m.pending[page]))


class Searched(Precopy):
    """The protocol as it was counted: the pause waits until at most one page is pending or dirty."""

    def is_converged(self, m: Small) -> bool:
        """At most one page is left."""
        return (m.pending | m.dirty).bits.bit_count() <= 1


class CopiesFirst(Searched):
    """The bug: the first half copies, the second protects, and a write between them is lost."""

    def first_half(self, m: Small, page: int) -> Small:
        """Copy."""
        return self.copy(m, page)

    def second_half(self, m: Small, page: int) -> Small:
        """Protect."""
        return self.protect(m, page)
