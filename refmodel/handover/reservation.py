"""Reservation (Clark et al., NSDI'05, stage 1): the target is asked whether it can have the guest, before all else.

    begin -> the target reserves a container of the guest's size -> configuration, rounds, ...
          -> it refuses                                          -> the guest runs on at the source

"Failure to secure resources here means that the VM simply continues to run on A unaffected" [paper]: so the guest is
not stopped, and no round begun, before there is an answer.

What was reserved has to go again, unless the guest has come to it. A target that hears that the migration is given up
frees it at once, and a fence is that: there is nothing left in which the guest could be started. A target that hears
nothing any more frees it by itself. But not once it has been told that it may take the guest, or has a checkpoint: two
generals, for then it may be the only one that has.
"""

from refmodel.handover.failure_state import F
from refmodel.handover.failures import Failures
from refmodel.language import Contract, engine, implies, invariant, law, need, neg
from refmodel.state import Phase

__all__ = ["Reservation"]


class Reservation(Failures[F]):
    """A container at the target: asked for, kept as long as the guest may come to it, freed."""

    def connected(self, m: F) -> F:
        """Of this target nothing has been asked. What an earlier one still keeps it frees by itself."""
        return super().connected(m).but(reserved=False)

    # the question, before anything is sent

    @engine
    def reserve(self, m: F) -> F:
        """The target has the resources, and reserves a container of the guest's size."""
        self.need_question(m)
        return m.but(reserved=True)

    @engine
    def reservation_refused(self, m: F) -> F:
        """The target has not the resources, and says so: the migration ends before the guest has felt any of it."""
        self.need_question(m)
        return self.taken_back(m)

    def need_question(self, m: F) -> None:
        """The target is asked, once."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.reserved), "the target has reserved nothing yet")
        need(self.is_heard(m), "question and answer reach the other side")

    def send_configuration(self, m: F) -> F:
        """The container is configured, which has to be there."""
        need(m.reserved, "the target has reserved a container for the guest")
        return super().send_configuration(m)

    def start_rounds(self, m: F) -> F:
        """Rounds are for a target that can have the guest."""
        need(m.reserved | m.failed.wire, "the target has reserved a container for the guest, or is cut off")
        return super().start_rounds(m)

    def pause(self, m: F) -> F:
        """So is the stop. That the target has freed its container since, being cut off, the source need not know."""
        need(m.reserved | m.failed.wire, "the target has reserved a container for the guest, or is cut off")
        return super().pause(m)

    # what becomes of what was reserved

    @engine
    def reservation_freed(self, m: F) -> F:
        """The target, which hears nothing any more, gives the migration up for itself."""
        need(m.reserved, "the target has reserved a container")
        need(self.may_free(m), "it hears nothing any more, and has nothing from which to start the guest")
        return m.but(reserved=False)

    def may_free(self, m: F) -> bool:
        """The target may free the container by itself."""
        return m.failed.wire & neg(self.has_enough(m))

    def taken_back(self, m: F) -> F:
        """The target frees the container if it hears that the migration is given up."""
        return super().taken_back(m).but(reserved=m.reserved & neg(self.is_heard(m)))

    def lose_source(self, m: F) -> F:
        """Of that the target hears nothing: what it has reserved it keeps, for now."""
        return super().lose_source(m).but(reserved=m.reserved)

    def lose_target(self, m: F) -> F:
        """The container is lost with it."""
        return super().lose_target(m).but(reserved=False)

    def find_out(self, m: F) -> F:
        """To fence the target is to destroy its container."""
        after = super().find_out(m)
        return after.but(reserved=m.reserved & neg(self.is_fenced(after)))

    # what is claimed

    @invariant(Contract.HAND_OVER, "I-ONE", "R11", goal=True)
    def until_the_target_has_reserved_nothing_is_sent_and_the_guest_runs_on(self, m: F) -> bool:
        """Or until it is cut off, and what is sent does not arrive (NSDI'05, stage 1)."""
        unanswered = self.is_migrating(m) & neg(m.reserved | m.failed.wire)
        early = (m.phase == Phase.BEFORE) | (m.phase == Phase.SETUP)
        return implies(unanswered | (m.phase == Phase.BEFORE), early & neg(m.hand_over.configured))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def a_target_that_could_start_or_has_started_keeps_its_container(self, m: F) -> bool:
        """It may be the only one that has the guest: nobody but a fence, or its death, takes the container away."""
        return implies(self.has_enough(m) & neg(m.failed.target | self.is_fenced(m)), m.reserved)

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def a_container_that_the_guest_will_not_come_to_goes(self, m: F) -> bool:
        """After an abort one is left only where the target was not told; and then it may free it by itself."""
        over = neg(self.is_under_way(m) | self.has_enough(m))
        return implies(over & m.reserved, (m.phase == Phase.ABORTED) & self.may_free(m))

    @invariant(Contract.HAND_OVER, "I-CLEAN", "I-ONE")
    def no_container_is_at_a_target_that_died_or_is_fenced(self, m: F) -> bool:
        """Where it would be one in which the guest could be started."""
        return implies(m.failed.target | self.is_fenced(m), neg(m.reserved))

    @law(Contract.HAND_OVER, "I-CLEAN")
    def every_migration_reserves_anew(self, before: F, after: F) -> bool:
        """Whatever an earlier one has reserved, there or at another target."""
        return implies(neg(self.is_under_way(before)) & self.is_migrating(after), neg(after.reserved))
