"""Wrong variants that forget a fence, or take something else for knowledge of the target: M25, M26."""

from refmodel.handover.failure_state import F, Knows
from refmodel.handover.failures import Failures
from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import need, neg
from refmodel.variants.variant import Variant

__all__ = ["FENCE_VARIANTS"]

_MACHINE = "seed"
_WITH_CHECKPOINTS = "seed+checkpoints"
_SMALLEST = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class AcknowledgesThoughFenced(Failures[F]):
    def acknowledge(self, m: F) -> F:
        """A target that was fenced while it waited goes on from where it was, once it is let."""
        need(neg(m.failed.target), "the target is there")
        return HandOverSteps.acknowledge(self, m)


class TakesOverThoughFenced(Failures[F]):
    def may_start(self, m: F) -> bool:
        """That its source is silent is all that the target looks at, not whether it has been fenced."""
        return neg(m.failed.target)


class ForgetsTheFenceWithTheSource(Failures[F]):
    def lose_source(self, m: F) -> F:
        """Who has fenced the target is known at the source alone, and with the source nobody knows it any more."""
        after = super().lose_source(m)
        return after.but(failed=after.failed.but(knows=Knows.NOTHING)) if self.is_fenced(m) else after


class TakesADeathForAFence(Failures[F]):
    def found_out(self, m: F) -> Knows:
        """A target that has died will never run the guest: whether it had run it by then is not asked."""
        return Knows.NOT_TAKEN if m.failed.target else super().found_out(m)


class TakesTheLastTargetForThis(Failures[F]):
    def connected(self, m: F) -> F:
        """What was found out of a target is still believed when the guest goes on from there to the next."""
        return super().connected(m).but(failed=m.failed.but(wire=False, target=False))


FENCE_VARIANTS = (
    Variant(
        "fenced-target-acknowledges",
        "M26",
        AcknowledgesThoughFenced,
        "a target that was fenced while it waited takes the guest all the same",
        ("8e84865e54",),
        machine=_MACHINE,
        growing=_SMALLEST,
    ),
    Variant(
        "fenced-target-takes-over",
        "M26",
        TakesOverThoughFenced,
        "a target that was fenced takes over from its checkpoint, since it hears nothing of the source",
        ("Failures.lose_source",),
        machine=_WITH_CHECKPOINTS,
        growing=_SMALLEST,
        rounds=0,
    ),
    Variant(
        "fence-dies-with-source",
        "M26",
        ForgetsTheFenceWithTheSource,
        "the source dies, and with it the fence: a target takes over that was said never to run",
        ("Failures.lose_source",),
        machine=_WITH_CHECKPOINTS,
        growing=_SMALLEST,
        rounds=0,
        unnoticed="what was done on the fence's word, another start of the guest for instance, is not followed",
    ),
    Variant(
        "death-taken-for-fence",
        "M26",
        TakesADeathForAFence,
        "a target dies in post-copy: it counts as one that never ran, and the source goes on with an older guest",
        ("6f2b811a61",),
        machine="seed+postcopy",
        growing=_SMALLEST,
        rounds=0,
        unnoticed="one side runs at a time; that the guest has gone back is for the world outside to notice",
    ),
    Variant(
        "last-targets-word-kept",
        "M25",
        TakesTheLastTargetForThis,
        "what is known of the target of one migration is taken for knowledge of the next one's",
        ("a5c90c61a1",),
        machine="seed+second-hop",
        growing=_SMALLEST,
        rounds=0,
        unnoticed="it takes the next target's death as well, and then there is no guest to notice",
    ),
)
