"""Wrong variants of ``failures``: M25, M26; and two that are sound."""

from refmodel.handover.failure_state import F, Knows
from refmodel.handover.failures import Failures
from refmodel.language import need, neg
from refmodel.variants.variant import Variant

__all__ = ["FAILURE_CONTROLS", "FAILURE_VARIANTS"]

_MACHINE = "seed"
_WITH_CHECKPOINTS = "seed+checkpoints"
_SMALLEST = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)
"""Who runs, and who knows, is a matter of hosts: one page and one CPU show it."""


class ResumesUnheard(Failures[F]):
    def resume_source(self, m: F) -> F:
        """The source runs on when no acknowledgement comes; of that the target knows nothing."""
        need(self.is_committed(m), "the source has committed")
        need(m.failed.wire & neg(m.failed.source), "the wire is gone, and the source is there")
        return m.but(hand_over=m.hand_over.but(source_runs=True))


class AsksAndDoesNotFence(Failures[F]):
    def resume_source(self, m: F) -> F:
        """A target that was found waiting is left as it is: it takes the guest later all the same."""
        resumed = super().resume_source(m)
        return m.but(failed=resumed.failed, hand_over=resumed.hand_over)


class TakesAFailureForSuccess(Failures[F]):
    def found_out(self, m: F) -> Knows:
        """That nothing comes from the target any more is taken for its having the guest."""
        if m.failed.target:
            return Knows.TAKEN
        return super().found_out(m)


class TakesASuccessForFailure(Failures[F]):
    def found_out(self, m: F) -> Knows:
        """The acknowledgement that was lost is taken for one that was never sent."""
        if m.failed.wire:
            return Knows.NOT_TAKEN
        return super().found_out(m)


class DiscardsUnheard(Failures[F]):
    def discard_source(self, m: F) -> F:
        """The source's image goes once the target has been told, whether or not it has said anything."""
        need(m.failed.knows != Knows.NOT_TAKEN, "the target is not known to lack the guest")
        return super().discard_source(m.but(failed=m.failed.but(knows=Knows.TAKEN))).but(failed=m.failed)


class StaysStopped(Failures[F]):
    def wire_error(self, m: F) -> F:
        """An error while the machine stands still ends the migration, and nobody lets it run on."""
        stood = m.hand_over.source_runs
        after = super().wire_error(m)
        return after.but(hand_over=after.hand_over.but(source_runs=stood))


class EndsProtectionUnheard(Failures[F]):
    def abort(self, m: F) -> F:
        """A source that hears nothing goes on alone; whether the target takes over meanwhile it cannot know."""
        return super(Failures, self).abort(m)


class KeepsTheImageUntilItRuns(Failures[F]):
    def discard_source(self, m: F) -> F:
        """The source's image goes only once the guest runs elsewhere, though the acknowledgement would do."""
        need(m.hand_over.target_runs, "the guest runs at the target")
        return super().discard_source(m)


class LooksAfterABrokenWireOnly(Failures[F]):
    def find_out(self, m: F) -> F:
        """The operator comes when the wire is gone; until then the acknowledgement is waited for."""
        need(m.failed.wire, "the wire is broken")
        return super().find_out(m)


FAILURE_VARIANTS = (
    Variant(
        "resume-unheard",
        "M26",
        ResumesUnheard,
        "the source resumes when no acknowledgement comes, with the target neither asked nor fenced",
        ("6f2b811a61", "c3c5eae6ac"),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
    Variant(
        "waiting-target-not-fenced",
        "M26",
        AsksAndDoesNotFence,
        "a target that was found waiting can still take the guest once the source runs again",
        ("8e84865e54",),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
    Variant(
        "lost-ack-taken-for-failure",
        "M26",
        TakesASuccessForFailure,
        "an acknowledgement that was lost counts as one that was never sent",
        ("969d2f855d",),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
    Variant(
        "failure-taken-for-success",
        "M26",
        TakesAFailureForSuccess,
        "that the target has died counts as its having the guest",
        ("0e1146a7a0",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="the guest is lost, and a guest that is lost notices nothing",
    ),
    Variant(
        "discard-unheard",
        "M26",
        DiscardsUnheard,
        "the source's image is discarded when the target may have it, not when it is known to",
        ("794347f5e3",),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="it takes the target's death as well, and then there is no guest to notice",
    ),
    Variant(
        "error-leaves-paused",
        "M25",
        StaysStopped,
        "an error after the pause ends the migration, and the source stays paused",
        ("8958338b10", "95393dde94"),
        machine=_MACHINE,
        growing=_SMALLEST,
        unnoticed="a guest that stands still for good notices nothing",
    ),
    Variant(
        "protection-ended-unheard",
        "M26",
        EndsProtectionUnheard,
        "over a broken wire protection is given up, with the target neither told nor fenced",
        ("969d2f855d",),
        machine=_WITH_CHECKPOINTS,
        growing=_SMALLEST,
        rounds=0,
        unnoticed="what a guest sends that is protected no more is not followed: a takeover would contradict that",
    ),
)
FAILURE_CONTROLS = (
    Variant(
        "image-kept-until-it-runs",
        "-",
        KeepsTheImageUntilItRuns,
        "the source's image is discarded only once the guest runs at the target",
        machine=_MACHINE,
        growing=_SMALLEST,
        sound=True,
    ),
    Variant(
        "asked-once-the-wire-is-gone",
        "-",
        LooksAfterABrokenWireOnly,
        "nobody asks after the target while its acknowledgement can still come",
        machine=_MACHINE,
        growing=_SMALLEST,
        sound=True,
    ),
)
