"""Wrong variants of the contract *hand-over*: M05, M26."""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import need
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import M, Phase
from refmodel.variants.variant import Variant

__all__ = ["HAND_OVER_VARIANTS"]


class NoFinalHarvest(MigrationRounds[M]):
    def final_harvest(self, m: M) -> M:
        """The log is not read again once the vCPUs stand still."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        return m.but(phase=Phase.STOP_AND_COPY)


class CapturesBeforeTheStop(HandOverSteps[M]):
    def send_registers(self, m: M, cpu: int) -> M:
        """A vCPU's state is captured while it may still run."""
        if m.phase == Phase.LIVE:
            return super().send_registers(m.but(phase=Phase.STOP_AND_COPY), cpu).but(phase=Phase.LIVE)
        return super().send_registers(m, cpu)


class SendsNoRegisters(HandOverSteps[M]):
    def send_registers(self, m: M, cpu: int) -> M:
        """A vCPU's registers count as sent, and what is sent is not what it holds."""
        return super().send_registers(m, cpu).but(target=m.target)


class ResumesAfterCommit(HandOverSteps[M]):
    def abort(self, m: M) -> M:
        """The source takes back the guest although it had given up its right."""
        if (m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER):
            return m.but(hand_over=m.hand_over.but(source_runs=True))
        return super().abort(m)


class ActivatesEarly(HandOverSteps[M]):
    def activate(self, m: M) -> M:
        """The target runs when it has the context, whether or not the source has given up and sent the rest."""
        need((m.phase == Phase.STOP_AND_COPY) | (m.phase == Phase.ACKNOWLEDGED), "the source stands still")
        return m.but(phase=Phase.AFTER, hand_over=m.hand_over.but(target_runs=True))


class DiscardsAtCommit(HandOverSteps[M]):
    def commit(self, m: M) -> M:
        """The source's image goes with the commit, before the target has said that it has everything."""
        after = super().commit(m)
        return after.but(hand_over=after.hand_over.but(source_kept=False))


HAND_OVER_VARIANTS = (
    Variant(
        "no-final-harvest",
        "M05",
        NoFinalHarvest,
        "what was dirtied since the last harvest is never sent",
        ("5c0ba1be37", "b20cc77692"),
    ),
    Variant(
        "registers-early",
        "M05",
        CapturesBeforeTheStop,
        "a vCPU's registers are captured before it stands still",
        ("507912385a",),
    ),
    Variant(
        "registers-not-sent",
        "M05",
        SendsNoRegisters,
        "a vCPU's registers are taken for sent",
        ("507912385a",),
    ),
    Variant(
        "resume-after-ack",
        "M26",
        ResumesAfterCommit,
        "the source resumes after the target has acknowledged",
        ("6f2b811a61", "0e1146a7a0"),
    ),
    Variant(
        "activate-early",
        "M26",
        ActivatesEarly,
        "the target runs before the source has handed over",
        ("8e84865e54",),
    ),
    Variant(
        "discard-at-commit",
        "M26",
        DiscardsAtCommit,
        "the source's image is discarded before the target has acknowledged",
        ("794347f5e3",),
        unnoticed="it takes the target's death as well, and then there is no guest to notice",
    ),
)
