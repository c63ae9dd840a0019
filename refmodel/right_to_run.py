"""Level A, who runs: one side, and never the source again once it has given up; and who still has the guest.

A guest that runs nowhere notices nothing, so what is lost with it has to be asked for by itself: a migration that is
given up leaves the guest running, and the source's image is there until the target is known to have the guest.
"""

from typing import ClassVar

from refmodel.language import Contract, Specification, engine, implies, invariant, need, neg, operator
from refmodel.ledger import Ledger

__all__ = ["RightToRun"]


class RightToRun(Specification[Ledger]):
    """Who runs, who may, and from where the guest could go on."""

    state: ClassVar[type[Ledger]] = Ledger

    def initial(self, anything: Ledger) -> Ledger:
        """The guest runs at the source; of any target nothing is known."""
        return anything.but(
            source_runs=True,
            target_runs=False,
            given_up=False,
            source_kept=True,
            source_lost=False,
            acknowledged=False,
            fenced=False,
        )

    @engine
    def stop(self, a: Ledger) -> Ledger:
        """The source stands still."""
        need(a.source_runs, "the source runs")
        return a.but(source_runs=False)

    @operator
    def resume(self, a: Ledger) -> Ledger:
        """The source runs on: it still has the right to."""
        need(neg(a.source_runs), "the source stands still")
        need(neg(a.given_up), "the source has not given up its right to run")
        need(neg(a.source_lost), "the source is there")
        need(neg(a.acknowledged), "the target is not known to have the guest")
        return a.but(source_runs=True)

    @engine
    def give_up(self, a: Ledger) -> Ledger:
        """The source gives up its right to run, for good."""
        need(neg(a.source_runs), "the source stands still")
        return a.but(given_up=True)

    @engine
    def start_target(self, a: Ledger) -> Ledger:
        """The guest runs at the target. Pages may still be owed, table and registers may not."""
        need(a.given_up, "the source has given up its right to run")
        need(neg(a.target_runs), "the target does not run yet")
        need(neg(a.context_owed), "table and registers have arrived")
        need(neg(a.fenced), "the target has not been fenced")
        return a.but(target_runs=True)

    @operator
    def stop_target(self, a: Ledger) -> Ledger:
        """The target stands still, or its host has died: the guest runs nowhere, and nobody else may run it."""
        need(a.target_runs, "the guest runs at the target")
        return a.but(target_runs=False)

    @operator
    def go_on(self, a: Ledger) -> Ledger:
        """What was the target is the source of another migration: everything is owed to another target."""
        need(a.target_runs, "the guest runs at the target")
        return self.initial(a)

    # who has the guest

    @operator
    def abandon(self, a: Ledger) -> Ledger:
        """The migration is given up: the guest runs on at the source, or has died with it."""
        need(a.source_runs | a.source_lost, "the guest runs on at the source")
        return a.but(fenced=False)

    @operator
    def lose_source(self, a: Ledger) -> Ledger:
        """The source's host dies."""
        need(neg(a.source_lost), "the source is there")
        return a.but(source_runs=False, source_lost=True)

    @operator
    def fence(self, a: Ledger) -> Ledger:
        """The target is kept from running the guest, gives it up by itself, or its host dies before."""
        need(neg(a.target_runs), "the target does not run yet")
        return a.but(fenced=True)

    @engine
    def acknowledge(self, a: Ledger) -> Ledger:
        """The source hears, or somebody finds out, that the target has the guest."""
        need(neg(a.source_runs), "the source stands still")
        need(neg(a.fenced), "the target can run the guest")
        return a.but(acknowledged=True)

    @operator
    def discard(self, a: Ledger) -> Ledger:
        """The source's image goes."""
        need(a.acknowledged, "the target is known to have the guest")
        return a.but(source_kept=False)

    @invariant(Contract.PROMISE, "I-ONE", goal=True)
    def one_side_has_the_guest(self, a: Ledger) -> bool:
        """At most one side runs, and the source never again once it has given up."""
        return neg(a.source_runs & a.target_runs) & implies(a.source_runs, neg(a.given_up))

    @invariant(Contract.PROMISE, "I-ONE")
    def the_target_runs_only_after_the_source_gave_up(self, a: Ledger) -> bool:
        """The order of the hand-over."""
        return implies(a.target_runs, a.given_up)

    @invariant(Contract.PROMISE, "I-ONE", goal=True)
    def a_target_that_was_fenced_does_not_run(self, a: Ledger) -> bool:
        """Whoever goes on elsewhere relies on that."""
        return neg(a.target_runs & a.fenced)

    @invariant(Contract.PROMISE, "I-ONE", goal=True)
    def the_source_is_kept_until_the_target_is_known_to_have_the_guest(self, a: Ledger) -> bool:
        """And does not run from then on: until then the guest may have to go on there."""
        return (a.source_kept | a.acknowledged) & implies(a.acknowledged, neg(a.source_runs))
