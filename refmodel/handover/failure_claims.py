"""What is claimed under failures: one side runs, an image to go on from exists, and nobody acts on a guess."""

from refmodel.handover.failure_state import F, Knows
from refmodel.handover.reservation import Reservation
from refmodel.language import Contract, iff, implies, invariant, law, neg
from refmodel.state import Phase

__all__ = ["FailureClaims"]


class FailureClaims(Reservation[F]):
    """Whether the guest can be gone on with, and from where, at any moment."""

    def is_recoverable(self, m: F) -> bool:
        """Some side has the guest as it is now, and may still come to run it."""
        return self.is_recoverable_at_the_source(m) | self.is_recoverable_at_the_target(m)

    def is_recoverable_at_the_source(self, m: F) -> bool:
        """It has the guest's image; once the target has started, or is known to have the guest, that is an old one."""
        there = m.hand_over.source_kept & neg(m.failed.source)
        return there & (m.phase != Phase.AFTER) & (m.failed.knows != Knows.TAKEN)

    def is_recoverable_at_the_target(self, m: F) -> bool:
        """From the commit on it has all that the source had (R12), or it has a checkpoint; unless it was fenced."""
        return self.has_enough(m) & self.may_start(m)

    @invariant(Contract.HAND_OVER, "I-ONE", "R12", goal=True)
    def who_runs_at_the_source_is_a_matter_of_the_phase_while_it_is_there(self, m: F) -> bool:
        """Until paused, and after an abort."""
        phase = m.phase
        live = (phase == Phase.BEFORE) | (phase == Phase.SETUP) | (phase == Phase.LIVE) | (phase == Phase.ABORTED)
        return iff(m.hand_over.source_runs, live & neg(m.failed.source))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def while_its_host_is_there_the_target_runs_once_it_has_started(self, m: F) -> bool:
        """And never after its host has died."""
        return iff(m.hand_over.target_runs, (m.phase == Phase.AFTER) & neg(m.failed.target))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def while_nothing_is_known_of_the_target_the_source_neither_runs_nor_is_discarded(self, m: F) -> bool:
        """Two generals, from the commit on: until it is heard or found out what became of the target."""
        waiting = (self.is_committed(m) | (m.phase == Phase.AFTER)) & (m.failed.knows == Knows.NOTHING)
        return implies(waiting, neg(m.hand_over.source_runs) & m.hand_over.source_kept)

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def what_is_known_of_the_target_is_so(self, m: F) -> bool:
        """It has the guest; or it has not, and cannot come to have it."""
        taken = (m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER)
        never = (
            self.has_enough(m)
            & neg(m.phase == Phase.AFTER)
            & neg((m.phase == Phase.ACKNOWLEDGED) & neg(m.failed.target))
        )
        knows = m.failed.knows
        return implies(knows == Knows.TAKEN, taken) & implies(knows == Knows.NOT_TAKEN, never)

    @invariant(Contract.HAND_OVER)
    def a_host_that_died_takes_the_wire_with_it(self, m: F) -> bool:
        """Nothing more is heard from it."""
        return implies(m.failed.source | m.failed.target, m.failed.wire)

    @invariant(Contract.HAND_OVER, "I-ONE")
    def before_the_commit_a_target_is_fenced_only_where_it_cannot_be_told(self, m: F) -> bool:
        """With a wire there is no need to: it would hear that the migration is given up."""
        return implies(self.is_migrating(m) & self.is_fenced(m), m.failed.wire)

    @invariant(Contract.HAND_OVER, "I-ONE")
    def no_migration_goes_on_from_a_source_that_died(self, m: F) -> bool:
        """It ends there, unless the source has committed."""
        return implies(m.failed.source, neg(self.is_migrating(m)) & (m.phase != Phase.BEFORE))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def while_both_hosts_are_there_the_guest_is_recoverable(self, m: F) -> bool:
        """Whatever becomes of the wire."""
        return implies(neg(m.failed.source) & neg(m.failed.target), self.is_recoverable(m))

    @invariant(Contract.HAND_OVER, "I-ONE")
    def a_source_that_can_be_resumed_has_its_image(self, m: F) -> bool:
        """It was not discarded in the belief that the target has the guest."""
        return implies(m.failed.knows == Knows.NOT_TAKEN, m.hand_over.source_kept)

    @law(Contract.HAND_OVER, "I-ONE")
    def the_guest_is_lost_only_with_a_host(self, before: F, after: F) -> bool:
        """Nothing that anybody does loses it: it takes a death, and of the only host from which it could go on. That is
        the source before the commit; the target, once it is known to have the guest or has started it; between these,
        and with a checkpoint, it takes both."""
        source_died = after.failed.source & neg(before.failed.source)
        target_died = after.failed.target & neg(before.failed.target)
        only_source = source_died & neg(self.is_recoverable_at_the_target(before))
        only_target = target_died & neg(self.is_recoverable_at_the_source(before))
        return implies(self.is_recoverable(before) & neg(self.is_recoverable(after)), only_source | only_target)

    @law(Contract.HAND_OVER, "I-ONE")
    def a_target_that_could_start_is_given_up_only_if_it_hears_of_it_or_is_fenced(self, before: F, after: F) -> bool:
        """Else it may start later, and nobody will know. Said of the wire itself, not of what the steps take for it."""
        given_up = self.has_enough(before) & neg(self.has_enough(after)) & neg(before.hand_over.target_runs)
        return implies(given_up, neg(before.failed.wire) | (before.failed.knows == Knows.NOT_TAKEN))

    @law(Contract.HAND_OVER, "I-ONE")
    def a_target_that_was_fenced_stays_so_while_it_has_enough_to_start(self, before: F, after: F) -> bool:
        """Whoever has been told that it will never run relies on that, whatever is lost later."""
        return implies(self.is_fenced(before) & self.has_enough(after), self.is_fenced(after))

    @law(Contract.HAND_OVER, "I-ONE", "R12")
    def a_source_that_has_committed_runs_again_only_once_the_target_is_known_not_to(self, before: F, after: F) -> bool:
        """To wait is all that it may do until then."""
        again = self.is_committed(before) & after.hand_over.source_runs
        return implies(again, before.failed.knows == Knows.NOT_TAKEN)

    @law(Contract.HAND_OVER, "I-CLEAN")
    def a_migration_begins_with_nothing_lost_and_nothing_known(self, before: F, after: F) -> bool:
        """Whatever ended the one before it."""
        begins = neg(self.is_under_way(before)) & self.is_migrating(after)
        lost = after.failed.wire | after.failed.source | after.failed.target
        return implies(begins, neg(lost) & (after.failed.knows == Knows.NOTHING))
