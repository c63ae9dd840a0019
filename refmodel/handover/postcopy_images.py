"""What post-copy costs: when there is an image to go on from, and when the guest is lost. I-RECOVER.

Until the guest's first step at the target the source has all of it; a target that dies by then is one that failed. But
the target lacks pages from the commit on: if the source dies, they will never come. From the first step on neither side
alone is an image to go on from: the source's memory is older than the guest, and the target lacks what it awaits. Both
hosts are needed, until the last page is off the wire; the wire is not, for it can be found again. That is why a switch
cannot be taken back after the commit, and why the source's image must stay until then.
"""

from refmodel.handover.failure_claims import FailureClaims
from refmodel.handover.failure_state import Knows
from refmodel.handover.postcopy import PostCopy
from refmodel.handover.postcopy_state import X
from refmodel.language import Contract, iff, implies, invariant, law, neg
from refmodel.state import Phase

__all__ = ["PostCopyImages"]


class PostCopyImages(PostCopy[X], FailureClaims[X]):
    """From where the guest can be gone on with once a switch has been made, and what takes that away."""

    def lacks_pages(self, m: X) -> bool:
        """The target awaits pages that are not off the wire: it needs the source for them."""
        return neg((m.postcopy.awaited - m.postcopy.queue).is_empty)

    def is_recoverable(self, m: X) -> bool:
        """Or from both together: the source has what the target lacks."""
        return super().is_recoverable(m) | self.is_recoverable_from_both(m)

    def is_recoverable_from_both(self, m: X) -> bool:
        """Both hosts are there, the target runs the guest or may, and the source has kept what it has not sent."""
        both = neg(m.failed.source) & m.hand_over.source_kept
        return both & self.has_enough(m) & self.may_start(m)

    def is_recoverable_at_the_target(self, m: X) -> bool:
        """But for what it lacks."""
        return super().is_recoverable_at_the_target(m) & neg(self.lacks_pages(m))

    @invariant(Contract.HAND_OVER, "I-RECOVER", goal=True)
    def between_the_first_step_at_the_target_and_the_last_page_both_hosts_are_needed(self, m: X) -> bool:
        """Exactly then neither of them alone will do: the guest is lost if one is lost, and not if the wire is."""
        both = neg(m.failed.source) & neg(m.failed.target)
        alone = self.is_recoverable_at_the_source(m) | self.is_recoverable_at_the_target(m)
        lost_with_either = neg(alone) & iff(self.is_recoverable(m), both)
        return implies((m.phase == Phase.AFTER) & self.lacks_pages(m), lost_with_either)

    @invariant(Contract.HAND_OVER, "I-RECOVER", goal=True)
    def from_the_commit_to_the_first_step_at_the_target_only_the_sources_death_loses_the_guest(self, m: X) -> bool:
        """Unless the target is known to have taken it: then nobody goes back to the source any more."""
        enough = neg(m.failed.source) & (neg(m.failed.target) | (m.failed.knows != Knows.TAKEN))
        return implies(self.is_committed(m) & self.lacks_pages(m), iff(self.is_recoverable(m), enough))

    @invariant(Contract.HAND_OVER, "I-RECOVER", goal=True)
    def the_sources_image_stays_while_the_target_lacks_pages(self, m: X) -> bool:
        """Whatever it knows of the target."""
        return implies(self.lacks_pages(m), m.hand_over.source_kept)

    @law(Contract.HAND_OVER, "I-RECOVER")
    def paging_on_demand_ends_only_once_all_of_the_guest_is_there(self, before: X, after: X) -> bool:
        """Of what never came an access would find nothing that the guest has stored."""
        ends = before.postcopy.switched & neg(after.postcopy.switched) & (after.phase == Phase.AFTER)
        return implies(ends, before.postcopy.awaited.is_empty)

    @law(Contract.HAND_OVER, "I-RECOVER")
    def a_guest_that_is_lost_stays_lost(self, before: X, after: X) -> bool:
        """So it is lost exactly then: whatever anybody does later, what is missing comes no more."""
        return implies(neg(self.is_recoverable(before)), neg(self.is_recoverable(after)))
