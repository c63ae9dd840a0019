"""Free-page hints (virtio-balloon): the guest says which pages it does not use, and they need not be sent.

A hint counts in the epoch in which it was given, and epochs end with each harvest: QEMU gives the guest a new command
id then. The guest holds a hinted page back until the hint has been used, or its epoch is over; after that it may take
the page again at any time, by storing to it, and does not read what it held before. A hint from an earlier epoch says
nothing (``386a907b37`` [C]).

A hinted page is protected like any other before it is put aside: when the guest takes it again, the store is logged.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Pfn, Set, State, Value, Vpn, guest, implies, invariant, need, neg, pick
from refmodel.rounds.rounds import MigrationRounds
from refmodel.rounds.skip import Skips
from refmodel.state import Machine, Phase

__all__ = ["F", "FreeHints", "Hints", "WithHints"]


@frozen(slots=False)
class Hints(State):
    """What the guest has released, and what it has said of that."""

    free: Set[Pfn]
    """Pages that the guest has released, and not stored to since: it will not read them before it does."""
    current: Set[Pfn]
    """Hints of this epoch that have not been used: the guest holds these pages back."""
    stale: Set[Pfn]
    """Hints of earlier epochs, still in the queue."""


@frozen(slots=False)
class WithHints(Machine):
    """The state of a machine whose guest hints at free pages."""

    hints: Hints


F = TypeVar("F", bound=WithHints)


class FreeHints(Skips[F], MigrationRounds[F]):
    """The guest releases pages, and takes them again; the engine puts aside what is free."""

    def initial(self, anything: F) -> F:
        """Nothing has been hinted."""
        m = super().initial(anything)
        hints = m.hints
        return m.but(hints=hints.but(current=hints.current.cleared(), stale=hints.stale.cleared()))

    def matters(self, m: F, page: int) -> bool:
        """What a released page holds is nothing to the guest."""
        return super().matters(m, page) & neg(m.hints.free[page])

    def may_be_skipped(self, m: F, page: int) -> bool:
        """A hint counts for it."""
        return super().may_be_skipped(m, page) | self.counts(m, page)

    def counts(self, m: F, page: int) -> bool:
        """There is a hint that belongs to this epoch."""
        return m.hints.current[page]

    def skipped(self, m: F) -> F:
        """The hint has been used: the guest may take the page again."""
        hints = m.hints
        return super().skipped(m).but(hints=hints.but(current=hints.current.discard(m.transfer.page)))

    def emptied(self, m: F) -> F:
        """A harvest ends the epoch: marks of before become debts of the round, and hints of before mean nothing."""
        return self.epoch_over(super().emptied(m))

    def logging_ended(self, m: F) -> F:
        """Nobody will use the hints any more."""
        return self.epoch_over(super().logging_ended(m))

    def epoch_over(self, m: F) -> F:
        """The guest need hold nothing back."""
        hints = m.hints
        return m.but(hints=hints.but(current=hints.current.cleared(), stale=hints.stale | hints.current))

    def stored(self, m: F, page: int, word: int, value: int) -> F:
        """A store to a released page takes it again."""
        need(neg(m.hints.current[page]), "the guest does not hold the page back")
        after = super().stored(m, page, word, value)
        return after.but(hints=after.hints.but(free=m.hints.free.discard(page)))

    @guest
    def release_page(self, m: F, page: Pfn) -> F:
        """The guest has no use for a page, and hints at that while rounds run."""
        need(self.runs(m), "the source runs")
        need(m.phase == Phase.LIVE, "rounds are running")
        need(neg(m.hints.current[page]), "the page has not been hinted at in this epoch")
        hints = m.hints
        return m.but(hints=hints.but(free=hints.free.add(page), current=hints.current.add(page)))

    @guest
    def target_take(self, m: F, vpn: Vpn, value: Value) -> F:
        """At the target the guest takes a released page again: it stores over all of it before it reads any."""
        need(m.hand_over.target_runs, "the target runs")
        page = m.target.table.frame[vpn]
        need(m.target.table.writable[vpn], "the guest's table at the target lets the page be written")
        need(m.hints.free[page], "the guest has released the page")
        memory = m.target.memory
        stored = memory.made(lambda p, w: pick(p == page, value, memory[p, w]))
        after = m.but(target=m.target.but(memory=stored), hints=m.hints.but(free=m.hints.free.discard(page)))
        need(self.matters(after, page), "the page is the guest's once it has been taken")
        return after

    @invariant(Contract.ROUNDS, "I-CONS", goal=True)
    def a_hint_counts_only_while_the_page_is_free(self, m: F, page: Pfn) -> bool:
        """So what is put aside on its strength is missed by nobody."""
        return implies(m.hints.current[page], m.hints.free[page])

    @invariant(Contract.ROUNDS, "I-LIVE", goal=True)
    def the_guest_holds_pages_back_only_while_rounds_run(self, m: F, page: Pfn) -> bool:
        """From the last harvest on, and after an abort, it waits for nobody."""
        return implies(m.hints.current[page], (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED))
