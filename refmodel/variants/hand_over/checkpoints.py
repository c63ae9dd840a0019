"""Wrong variants of ``checkpoints``, M32, and two that are sound.

All but one break a claim of hand-over or transport; ``epoch-mark-lost`` breaks the export of rounds.
"""

from refmodel.handover.checkpoint_state import Epoch, K
from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.handover.takeover import Takeover
from refmodel.variants.variant import Variant

__all__ = ["CHECKPOINT_CONTROLS", "CHECKPOINT_VARIANTS"]


class TakesOverFromNothing(Takeover[K]):
    def may_take_over(self, m: K) -> bool:
        """Whether or not any checkpoint has been whole."""
        return m.checkpoints.epoch != Epoch.WHOLE


class TakesOverHalfApplied(Takeover[K]):
    def may_take_over(self, m: K) -> bool:
        """The target starts with what it has, however far it is with an epoch."""
        return m.checkpoints.exists


class AppliesBeforeWhole(CheckpointSteps[K]):
    def may_apply(self, m: K) -> bool:
        """What is buffered is written to memory as it comes."""
        return True


class NeverBuffers(CheckpointSteps[K]):
    def is_buffering(self, m: K) -> bool:
        """What arrives goes to the target's memory, as before the first checkpoint."""
        return False


class BuffersAtTheWrongIndex(CheckpointSteps[K]):
    def buffered(self, m: K, page: int, word: int, value: int) -> K:
        """The word's place in the buffer is another's: its own still holds what an earlier epoch left there."""
        marks = m.checkpoints
        return m.but(checkpoints=marks.but(buffered=marks.buffered.add((page, word))))


class ReleasesAtTheCheckpoint(CheckpointSteps[K]):
    def may_release(self, m: K, packet: int) -> bool:
        """Once the checkpoint has been taken; nobody waits for the target."""
        return m.output.free[packet] | m.output.taken[packet]


class AcknowledgesAtOnce(CheckpointSteps[K]):
    def may_acknowledge(self, m: K) -> bool:
        """That the end of the epoch was written to the wire is taken for its arrival."""
        return True


class LosesMarksBetweenEpochs(CheckpointSteps[K]):
    def checkpoint_acknowledged(self, m: K) -> K:
        """The bitmap is reset for the next epoch without its lock, under the running guest."""
        after = super().checkpoint_acknowledged(m)
        return after.but(log=after.log.but(dirty=after.log.dirty.cleared()))


class LeavesOutRegisters(CheckpointSteps[K]):
    def has_context(self, m: K) -> bool:
        """The source goes on before all of its registers have been copied."""
        return m.hand_over.table_sent & m.hand_over.configured


class MisreadsTheFailover(Takeover[K]):
    def fenced(self, m: K) -> K:
        """The source is taken for dead, and runs."""
        return super().fenced(m).but(hand_over=m.hand_over)


class LosesTheCheckpoint(Takeover[K]):
    def bereft(self, m: K) -> K:
        """That the source's word stops coming is an abort to the target: it drops what it has."""
        return super(Takeover, self).bereft(m)


class SendsEverything(CheckpointSteps[K]):
    def checkpoint_resume(self, m: K) -> K:
        """The next epoch owes all pages."""
        after = super().checkpoint_resume(m)
        return after.but(
            rounds=after.rounds.but(to_send=after.rounds.to_send.filled()),
            ghost=after.ghost.but(noted=after.ghost.noted.filled()),
        )


class AcknowledgesLate(CheckpointSteps[K]):
    def may_acknowledge(self, m: K) -> bool:
        """Only what has been applied is acknowledged."""
        return m.checkpoints.epoch == Epoch.OPEN


_ON = "bare+checkpoints"
_FAILING = "seed+checkpoints"
CHECKPOINT_VARIANTS = (
    Variant(
        "takeover-without-checkpoint",
        "M32",
        TakesOverFromNothing,
        "the target takes over although no checkpoint was ever whole",
        ("794347f5e3",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "takeover-half-applied",
        "M32",
        TakesOverHalfApplied,
        "the target takes over with an epoch half applied: its memory is of no one moment",
        ("794347f5e3",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "epoch-applied-before-whole",
        "M32",
        AppliesBeforeWhole,
        "pages of an epoch are written to memory before its end has arrived",
        ("974af7db71",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "epoch-not-buffered",
        "M32",
        NeverBuffers,
        "pages go to the target's memory as they arrive, also after the first checkpoint",
        ("974af7db71",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "buffer-index-wrong",
        "M32",
        BuffersAtTheWrongIndex,
        "a page of a batch is buffered at another's index, and what an earlier epoch left there is applied",
        ("dc55dcd8f1",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "output-before-acknowledgement",
        "M32",
        ReleasesAtTheCheckpoint,
        "output is let out once the checkpoint is taken, before the target has it",
        ("794347f5e3",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "acknowledged-when-sent",
        "M32",
        AcknowledgesAtOnce,
        "an epoch counts as acknowledged once it has been written to the wire",
        ("794347f5e3",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "epoch-mark-lost",
        "M32",
        LosesMarksBetweenEpochs,
        "the bitmap is reset between two epochs without its lock: marks of the running guest are lost",
        ("63268c4970",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "checkpoint-without-registers",
        "M32",
        LeavesOutRegisters,
        "the source goes on before its registers have been copied: the checkpoint has those of an earlier one",
        ("794347f5e3",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "checkpoint-dropped-with-the-source",
        "M32",
        LosesTheCheckpoint,
        "the source dies, and the target drops its checkpoint with the epoch that was not whole",
        ("1fe6ab267f",),
        machine=_FAILING,
        rounds=0,
        unnoticed="the guest is lost, and a guest that is lost notices nothing",
    ),
    Variant(
        "failover-misread",
        "M32",
        MisreadsTheFailover,
        "the state of the failover is misread: the target takes over while the source runs",
        ("1fe6ab267f",),
        machine=_ON,
        rounds=0,
    ),
)
CHECKPOINT_CONTROLS = (
    Variant(
        "epoch-of-everything",
        "-",
        SendsEverything,
        "every checkpoint has all pages, dirty or not",
        ("3143577d6a",),
        sound=True,
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "acknowledged-when-applied",
        "-",
        AcknowledgesLate,
        "a checkpoint is acknowledged only once it has been applied, though to have it is enough",
        sound=True,
        machine=_ON,
        rounds=0,
    ),
)
