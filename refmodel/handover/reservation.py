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

from refmodel.handover.failure_state import Container, F
from refmodel.handover.failures import Failures
from refmodel.language import Contract, engine, implies, invariant, law, need, neg, pick
from refmodel.state import Phase

__all__ = ["Reservation"]


class Reservation(Failures[F]):
    """A container at the target: asked for, kept as long as the guest may come to it, freed."""

    def connected(self, m: F) -> F:
        """Of this target nothing has been asked. What an earlier one still keeps is looked at no more: it frees it."""
        return super().connected(m).but(container=Container.NONE)

    # the question, before anything is sent

    @engine
    def reserve(self, m: F) -> F:
        """The target has the resources, and reserves a container of the guest's size."""
        self.need_question(m)
        return m.but(container=Container.RESERVED)

    @engine
    def reservation_refused(self, m: F) -> F:
        """The target has not the resources, and says so: the migration ends before the guest has felt any of it."""
        self.need_question(m)
        return self.taken_back(m)

    def need_question(self, m: F) -> None:
        """The target is asked, once."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(m.container == Container.NONE, "the target has reserved nothing yet")
        need(self.is_heard(m), "question and answer reach the other side")

    def send_configuration(self, m: F) -> F:
        """It is what the container is to be."""
        need(m.container != Container.NONE, "the target has reserved a container for the guest")
        return super().send_configuration(m)

    def start_rounds(self, m: F) -> F:
        """Rounds are for a target that can have the guest. That it is gone since, the source need not know."""
        need(m.container != Container.NONE, "the target has reserved a container for the guest")
        return super().start_rounds(m)

    def pause(self, m: F) -> F:
        """So is the stop."""
        need(m.container != Container.NONE, "the target has reserved a container for the guest")
        return super().pause(m)

    # what becomes of what was reserved

    @engine
    def reservation_freed(self, m: F) -> F:
        """The target, which hears nothing any more, gives the migration up for itself."""
        need(m.container == Container.RESERVED, "the target has reserved a container")
        need(self.may_free(m), "it hears nothing any more, and has nothing from which to start the guest")
        return m.but(container=Container.GONE)

    def may_free(self, m: F) -> bool:
        """The target may free the container by itself."""
        return m.failed.wire & neg(self.has_enough(m))

    def taken_back(self, m: F) -> F:
        """The target frees the container if it hears that the migration is given up."""
        return super().taken_back(m).but(container=self.freed(m, self.is_heard(m)))

    def freed(self, m: F, when: bool) -> Container:
        """If there is one, and this is so."""
        return pick((m.container == Container.RESERVED) & when, Container.GONE, m.container)

    def lose_source(self, m: F) -> F:
        """Of that the target hears nothing: what it has reserved it keeps, for now."""
        return super().lose_source(m).but(container=m.container)

    def lose_target(self, m: F) -> F:
        """The container is lost with it."""
        return super().lose_target(m).but(container=self.freed(m, True))

    def find_out(self, m: F) -> F:
        """To fence the target is to destroy its container."""
        after = super().find_out(m)
        return after.but(container=self.freed(m, self.is_fenced(after)))

    # what is claimed

    @invariant(Contract.HAND_OVER, "I-ONE", "R11", goal=True)
    def until_the_target_has_reserved_nothing_is_sent_and_the_guest_runs_on(self, m: F) -> bool:
        """Nor is a round begun, or the guest stopped (NSDI'05, stage 1)."""
        early = (m.phase == Phase.BEFORE) | (m.phase == Phase.SETUP) | (m.phase == Phase.ABORTED)
        return implies(m.container == Container.NONE, early & neg(m.hand_over.configured))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def a_target_that_could_start_or_has_started_keeps_its_container(self, m: F) -> bool:
        """It may be the only one that has the guest: nobody but a fence, or its death, takes the container away."""
        lives = self.has_enough(m) & neg(m.failed.target | self.is_fenced(m))
        return implies(lives, m.container == Container.RESERVED)

    @invariant(Contract.HAND_OVER, "I-ONE")
    def until_the_commit_a_container_is_gone_only_where_the_wire_is(self, m: F) -> bool:
        """What is sent to the target has a place there."""
        return implies(self.is_migrating(m) & (m.container == Container.GONE), m.failed.wire)

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def a_container_that_the_guest_will_not_come_to_goes(self, m: F) -> bool:
        """After an abort one is left only where the target was not told; and then it may free it by itself."""
        over = neg(self.is_under_way(m) | self.has_enough(m)) & (m.container != Container.NONE)
        left = m.container == Container.RESERVED
        return implies(over, (m.phase == Phase.ABORTED) & implies(left, self.may_free(m)))

    @invariant(Contract.HAND_OVER, "I-CLEAN", "I-ONE")
    def no_container_is_at_a_target_that_died_or_is_fenced(self, m: F) -> bool:
        """Where it would be one in which the guest could be started."""
        return implies(m.failed.target | self.is_fenced(m), m.container != Container.RESERVED)

    @law(Contract.HAND_OVER, "I-CLEAN")
    def every_migration_reserves_anew(self, before: F, after: F) -> bool:
        """What an earlier one has reserved, there or at another target, goes: its target hears nothing of this one."""
        begins = neg(self.is_under_way(before)) & self.is_migrating(after)
        goes = implies(before.container == Container.RESERVED, self.may_free(before))
        return implies(begins, (after.container == Container.NONE) & goes)
